/// Writes metrics in Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
struct MetricsText {
  /// The media type.
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// What was written so far.
  private(set) var text = ""

  /// Writes a family; one without numbers is left out.
  mutating func write(_ metric: Metric, _ samples: [Metric.Sample]) {
    guard !samples.isEmpty else { return }
    text += "# HELP \(metric.name) \(MetricsText.escaped(metric.help, quotes: false))\n"
    text += "# TYPE \(metric.name) \(metric.kind.rawValue)\n"
    for sample in samples {
      text += metric.name + sample.suffix
      if !sample.labels.isEmpty {
        let labels = sample.labels.map { "\($0.name)=\"\(MetricsText.escaped($0.value, quotes: true))\"" }
        text += "{" + labels.joined(separator: ",") + "}"
      }
      text += " " + MetricsText.format(sample.value) + "\n"
    }
  }

  /// A number: whole ones without a fraction.
  static func format(_ number: Double) -> String {
    if let whole = Int(exactly: number), abs(whole) <= 1 << 53 { return String(whole) }
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
    return number.description
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}
