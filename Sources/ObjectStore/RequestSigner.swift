import Platform
import Transport

/// Signs requests as Amazon's services, and those that speak like them, want it.
///
/// Source: AWS General Reference, "Signature Version 4"; the S3 user guide, "Authenticating Requests (AWS Signature Version 4)", by which
/// a path is encoded once and not normalized.
struct RequestSigner: Sendable {
  /// Whose signature it is.
  let credentials: Credentials
  /// The region that the signature is for.
  let region: String

  private static let service = "s3"
  /// SHA-256 of nothing: our requests have no body.
  static let emptyDigest = SHA256.digest(of: []).hexadecimal

  /// The fields to add to a request without a body, that of the signature last.
  /// - Parameters:
  ///   - path: the target's path, encoded.
  ///   - query: names and values, not encoded.
  ///   - host: the value of `Host`.
  ///   - time: nanoseconds since 1970.
  func fields(
    method: String, path: String, query: [(name: String, value: String)], host: String, time: Int64
  ) -> [(name: String, value: String)] {
    let stamp = RequestSigner.stamp(time)
    var signed = [
      (name: "host", value: host), (name: "x-amz-content-sha256", value: RequestSigner.emptyDigest),
      (name: "x-amz-date", value: stamp),
    ]
    if let token = credentials.sessionToken { signed.append((name: "x-amz-security-token", value: token)) }
    let names = signed.map(\.name).joined(separator: ";")
    let canonical = [
      method, path, RequestSigner.queryText(query), signed.map { "\($0.name):\($0.value)\n" }.joined(), names,
      RequestSigner.emptyDigest,
    ].joined(separator: "\n")
    let day = String(stamp.prefix(8))
    let scope = "\(day)/\(region)/\(RequestSigner.service)/aws4_request"
    let text = ["AWS4-HMAC-SHA256", stamp, scope, SHA256.digest(of: Array(canonical.utf8)).hexadecimal]
      .joined(separator: "\n")
    var key = Array("AWS4\(credentials.secretKey)".utf8)
    for part in [day, region, RequestSigner.service, "aws4_request"] { key = HMAC.sha256(Array(part.utf8), key: key) }
    let signature = HMAC.sha256(Array(text.utf8), key: key).hexadecimal
    let authorization =
      "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
    return signed.dropFirst() + [(name: "authorization", value: authorization)]
  }

  /// A query as it is sent and signed: sorted by name, encoded.
  static func queryText(_ query: [(name: String, value: String)]) -> String {
    query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }.sorted { $0 < $1 }
      .map { "\($0)=\($1)" }.joined(separator: "&")
  }

  /// A moment as `20260131T081500Z`.
  static func stamp(_ time: Int64) -> String {
    Timestamp(nanoseconds: time).description.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
  }
}
