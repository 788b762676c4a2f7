internal import HTTPTypes
internal import Loader
internal import Transport

/// Reads an answer that refuses: the Connect protocol's error shape, or as much as the status alone says.
enum ServerRefusal {
  /// The error that an answer is.
  /// - Parameter now: seconds since 1970, for a `Retry-After` that is a date.
  static func error(head: ResponseHead, body: [UInt8], address: ServerAddress, now: Int64) -> WeightClientError {
    let json = try? JSONValue(parsing: body)
    let stated = json?["code"]?.asText.flatMap { WeightClientError.Code(rawValue: $0) }
    let implied = WeightClientError.Code(rawValue: ErrorCode(status: head.status).rawValue) ?? .unknown
    let status = "\(address): status \(head.status.code) \(head.status.reasonPhrase.utf8.printable)"
    return WeightClientError(
      .server, stated ?? (head.status.code == 416 ? .outOfRange : implied),
      json?["message"]?.asText.map { line($0) } ?? status,
      requestID: head.fields[.requestID].map { $0.escaped }, status: head.status.code,
      retryAfter: head.fields[.retryAfter].flatMap { retryAfter($0, now: now) })
  }

  /// The wait that `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3).
  static func retryAfter(_ value: String, now: Int64) -> Duration? {
    if let seconds = ASCII.decimal(value.utf8) { return .seconds(min(seconds, 1_000_000_000)) }
    guard let date = HTTPDate.parse(value) else { return nil }
    return .seconds(max(date - now, 0))
  }

  /// A message of the server as one line that is fit for a terminal, whole up to 4,000 characters: `escaped` alone would cut it
  /// where the remedy begins.
  private static func line(_ message: String) -> String {
    var result = ""
    var rest = message.unicodeScalars.prefix(4000)
    while !rest.isEmpty {
      result += String(String.UnicodeScalarView(rest.prefix(200))).escaped
      rest = rest.dropFirst(200)
    }
    return result
  }
}
