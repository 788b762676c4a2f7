/// The dates of HTTP (RFC 9110 section 5.6.7), as seconds since 1970 in UTC.
package enum HTTPDate {
  private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
  private static let longWeekdays = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  /// The last second of the year 9999, which is the last that the format can say.
  private static let last: Int64 = 253_402_300_799

  /// `Sun, 06 Nov 1994 08:49:37 GMT`. Times before 1970 or after 9999 are moved to the nearer end.
  package static func format(_ seconds: Int64) -> String {
    let seconds = min(max(seconds, 0), last)
    let (days, time) = (seconds / 86_400, seconds % 86_400)
    let (year, month, day) = civil(days: days)
    // 1970-01-01 was a Thursday, which is index 3.
    let weekday = weekdays[Int((days + 3) % 7)]
    let clock = [time / 3600, time / 60 % 60, time % 60].map { pad($0, 2) }.joined(separator: ":")
    return "\(weekday), \(pad(day, 2)) \(months[Int(month - 1)]) \(pad(year, 4)) \(clock) GMT"
  }

  /// Reads any of the three forms; nil for any other text. The weekday's name must be one, but need not be the day's.
  /// A year of two digits is one of 1970 to 2069.
  package static func parse(_ text: String) -> Int64? {
    guard text.utf8.count <= 40, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    switch parts.count {
    case 6 where parts[0].hasSuffix(",") && parts[5] == "GMT":
      guard weekdays.contains(String(parts[0].dropLast())), let year = number(parts[3], digits: 4) else { return nil }
      return seconds(year: year, month: parts[2], day: number(parts[1], digits: 2), clock: parts[4])
    case 4 where parts[0].hasSuffix(",") && parts[3] == "GMT":
      let date = parts[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
      guard longWeekdays.contains(String(parts[0].dropLast())), date.count == 3,
        let year = number(date[2], digits: 2)
      else { return nil }
      return seconds(
        year: year < 70 ? 2000 + year : 1900 + year, month: date[1], day: number(date[0], digits: 2), clock: parts[2])
    case 5, 6:
      // asctime pads a day of one digit with a space: `Sun Nov  6 08:49:37 1994`.
      let padded = parts.count == 6
      guard weekdays.contains(parts[0]), !padded || parts[2].isEmpty,
        let year = number(parts[padded ? 5 : 4], digits: 4)
      else { return nil }
      let day = padded ? number(parts[3], digits: 1) : number(parts[2], digits: 2)
      return seconds(year: year, month: parts[1], day: day, clock: parts[padded ? 4 : 3])
    default: return nil
    }
  }

  private static func seconds(year: Int64, month: String, day: Int64?, clock: String) -> Int64? {
    let time = clock.split(separator: ":", omittingEmptySubsequences: false).map { number(String($0), digits: 2) }
    guard let month = months.firstIndex(of: month).map({ Int64($0 + 1) }), let day, day >= 1,
      day <= lastDay(year: year, month: month), time.count == 3,
      let hour = time[0], let minute = time[1], let second = time[2], hour < 24, minute < 60, second <= 60
    else { return nil }
    return days(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + min(second, 59)
  }

  static func number(_ text: String, digits: Int) -> Int64? {
    guard text.utf8.count == digits else { return nil }
    return ASCII.decimal(text.utf8).map(Int64.init)
  }

  private static func pad(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(width - text.utf8.count, 0)) + text
  }

  static func lastDay(year: Int64, month: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970 of a date in the Gregorian calendar, years starting in March so that the leap day comes last.
  static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month > 2 ? year : year - 1
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The date that many days after 1970 began.
  private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}
