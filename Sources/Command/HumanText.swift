import Glibc

/// Sizes, rates and times as people read them.
enum HumanText {
  /// `0 B`, `999 B`, `1.2 KiB`, `34.5 GiB`: powers of 1024, one decimal below 100.
  static func bytes(_ count: Double) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var value = max(count, 0)
    var unit = 0
    while value >= 1023.95, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return "\(unit == 0 || value >= 99.95 ? "\(whole(value))" : tenths(value)) \(units[unit])"
  }

  /// `0:07`, `12:34`, `1:02:03`; `-:--` for what is not known or longer than a hundred hours.
  static func time(_ seconds: Double?) -> String {
    guard let seconds, seconds >= 0, seconds < 360_000 else { return "-:--" }
    let total = Int(seconds.rounded(.up))
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  /// A number with one decimal.
  static func tenths(_ value: Double) -> String {
    let scaled = whole(value * 10)
    return "\(scaled / 10).\(scaled % 10)"
  }

  /// A number with four significant digits, as `1.234e-05`.
  static func significant(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var exponent = Int(log10(abs(value)).rounded(.down))
    var digits = (abs(value) / pow(10, Double(exponent)) * 1000).rounded()
    if digits >= 10_000 {
      digits /= 10
      exponent += 1
    }
    let number = whole(digits)
    let fraction = String(1000 + number % 1000).dropFirst()
    let power = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
    return "\(value < 0 ? "-" : "")\(number / 1000).\(fraction)e\(exponent < 0 ? "-" : "+")\(power)"
  }

  /// A text with spaces before it, up to a width.
  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  /// A text with spaces behind it, up to a width.
  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }

  private static func whole(_ value: Double) -> Int {
    Int(exactly: value.rounded()) ?? 0
  }

  private static func two(_ value: Int) -> String {
    value < 10 ? "0\(value)" : "\(value)"
  }
}
