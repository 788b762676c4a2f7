package import HTTPTypes

/// Field names that swift-http-types lacks, or keeps from requests because HTTP/2 has other means.
extension HTTPField.Name {
  /// `Host` (RFC 9110 section 7.2).
  package static let hostName = known("Host")
  /// `Connect-Timeout-Ms`, of the Connect protocol.
  package static let connectTimeout = known("Connect-Timeout-Ms")
  /// `grpc-timeout`, of gRPC over HTTP/2.
  package static let grpcTimeout = known("grpc-timeout")

  /// A name written in the source; one that is no token is a mistake of ours.
  package static func known(_ name: StaticString) -> HTTPField.Name {
    guard let name = HTTPField.Name(name.description) else { preconditionFailure("'\(name)' is not a field name") }
    return name
  }
}
