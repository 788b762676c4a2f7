extension HTTPDate {
  /// Reads `2027-01-31` (the start of that day) or `2027-01-31T08:15:00Z`, both in UTC (a subset of RFC 3339); nil for any other text.
  package static func parseRFC3339(_ text: String) -> Int64? {
    guard text.utf8.count == 10 || text.utf8.count == 20, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    let date = text.prefix(10).split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard date.count == 3, let year = number(date[0], digits: 4), let month = number(date[1], digits: 2),
      let day = number(date[2], digits: 2), year >= 1970, (1...12).contains(month), day >= 1,
      day <= lastDay(year: year, month: month)
    else { return nil }
    let start = days(year: year, month: month, day: day) * 86_400
    let clock = text.dropFirst(10)
    if clock.isEmpty { return start }
    guard clock.first == "T", clock.last == "Z" else { return nil }
    let time = clock.dropFirst().dropLast().split(separator: ":", omittingEmptySubsequences: false)
      .map { number(String($0), digits: 2) }
    guard time.count == 3, let hour = time[0], let minute = time[1], let second = time[2], hour < 24, minute < 60,
      second < 60
    else { return nil }
    return start + hour * 3600 + minute * 60 + second
  }
}
