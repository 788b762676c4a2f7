import HTTPTypes
import Loader
import Platform
import Transport

/// Decides what a client may, from what its request and its connection tell of it.
///
/// A token that is given counts alone. Without one it is the user at the other end of a Unix socket who counts, or the subject of the
/// client's certificate. Where neither tokens nor subjects are configured everyone may read, whoever reaches the listener; changing
/// things is never open to the network without one of them.
struct Authorizer: Sendable {
  /// The tokens that count; nil where none are configured.
  let tokens: TokenStore?
  /// Users who may everything over a Unix socket.
  let administrators: Set<UInt32>
  /// What clients' certificates allow.
  let certificates: CertificateScopes

  init(
    tokens: TokenStore? = nil, administrators: Set<UInt32> = [], certificates: CertificateScopes = CertificateScopes(),
    daemonUser: UInt32 = ProcessUser.effective()
  ) {
    self.tokens = tokens
    self.administrators = administrators.union([0, daemonUser])
    self.certificates = certificates
  }

  /// Whether there is anyone who may not read.
  var guardsReading: Bool { tokens != nil || certificates.guardsReading }

  /// What the client of a request may: at least to read something.
  /// - Throws: `unauthenticated` where nothing tells that it may anything.
  func access(_ request: Request) throws(StatusError) -> Access {
    if let tokens, let token = try BearerToken.read(request.head.fields) {
      guard let entry = tokens.entry(for: token) else {
        var error = StatusError(.unauthenticated, "the token is not one of those that are in force here")
        error.fields[.wwwAuthenticate] = "Bearer error=\"invalid_token\""
        throw error
      }
      return entry.access
    }
    if let user = request.peer.user, administrators.contains(user) {
      return Access("user \(user)", scopes: [.read, .admin])
    }
    if let certificate = request.peer.certificate {
      let scopes = certificates.scopes(of: certificate)
      let reads = guardsReading ? scopes : scopes.union([.read])
      if !reads.isEmpty { return Access("certificate \(certificate.subject.escaped)", scopes: reads) }
    }
    if guardsReading {
      throw StatusError(.unauthenticated, "a token is needed: send 'Authorization: Bearer TOKEN'")
    }
    guard let user = request.peer.user else { return Authorizer.anyone }
    return Access("user \(user)", scopes: [.read])
  }

  private static let anyone = Access("anyone", scopes: [.read])

  /// Checks that a client may do what a route does.
  /// - Throws: `permission_denied` that names the scope that is missing.
  func check(_ access: Access, may scope: Access.Scope, _ head: RequestHead) throws(StatusError) {
    if access.may(scope) { return }
    let what = "\(head.method.rawValue) \(head.target.path.escaped) needs the scope \(scope.rawValue)"
    guard !guardsReading else {
      throw StatusError(.permissionDenied, "\(what), which \(access.name) does not have")
    }
    throw StatusError(
      .permissionDenied,
      "\(what): set tokens.file and send a token that has it, or ask over a Unix socket as the daemon's user or root")
  }
}
