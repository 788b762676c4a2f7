import Loader
package import Logging
import Platform

/// Logs to standard error, one line and one `write(2)` a message, for a person or as JSON.
package struct LineLogHandler: LogHandler {
  /// The least level that is logged: the threshold's, unless this handler was given one of its own.
  package var logLevel: Logger.Level {
    get { own ?? threshold.loggerLevel }
    set { own = newValue }
  }
  /// Fields of every message.
  package var metadata: Logger.Metadata = [:]
  private let format: Configuration.Logging.Format
  private let threshold: LogThreshold
  private var own: Logger.Level?

  /// A handler that writes in a format what a threshold lets through.
  package init(_ format: Configuration.Logging.Format, threshold: LogThreshold) {
    self.format = format
    self.threshold = threshold
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let time = Timestamp.now
    switch format {
    case .text: write(text: event, fields, time)
    case .json: write(json: event, fields, time)
    }
  }

  private func write(text event: LogEvent, _ fields: [(key: String, value: Logger.Metadata.Value)], _ time: Timestamp) {
    var line = "\(time) \(event.level.rawValue) \("\(event.message)")"
    for (key, value) in fields { line += " \(key)=\(LineLogHandler.quoted("\(value)"))" }
    Terminal.write(line + "\n", to: .error)
  }

  private func write(json event: LogEvent, _ fields: [(key: String, value: Logger.Metadata.Value)], _ time: Timestamp) {
    var json = JSONWriter()
    json.object { json in
      json.member("time", time.description)
      json.member("level", event.level.rawValue)
      json.member("message", "\(event.message)")
      for (key, value) in fields { LineLogHandler.write(value, named: key, to: &json) }
    }
    Terminal.write(String(decoding: json.bytes, as: UTF8.self) + "\n", to: .error)
  }

  /// Numbers and truth values stay what they are.
  private static func write(_ value: Logger.Metadata.Value, named key: String, to json: inout JSONWriter) {
    guard case .stringConvertible(let convertible) = value else { return json.member(key, "\(value)") }
    switch convertible {
    case let number as Int: json.member(key, number)
    case let number as Double: json.member(key, number)
    case let truth as Bool: json.member(key, truth)
    default: json.member(key, "\(value)")
    }
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    guard !isPlain else { return text }
    var json = JSONWriter()
    json.string(text)
    return String(decoding: json.bytes, as: UTF8.self)
  }
}
