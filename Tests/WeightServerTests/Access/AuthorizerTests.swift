import HTTPTypes
import Loader
import Logging
import Platform
import TestSupport
import Testing
import Transport

@testable import WeightServer

@Suite struct AuthorizerTests {
  private static func request(_ fields: [String] = [], peer: Peer = Peer(), _ target: String = "/stats") throws
    -> Request
  {
    var all = HTTPFields()
    all[try #require(HTTPField.Name("Host"))] = "h"
    for value in fields { all.append(HTTPField(name: .authorization, value: value)) }
    let head = try RequestHead(
      method: .get, target: try RequestTarget(Array(target.utf8), method: .get), version: .http11, fields: all)
    return Request(head: head, peer: peer)
  }

  private static func guarded(_ certificates: CertificateScopes = CertificateScopes()) throws -> Authorizer {
    let folder = try TemporaryFolder()
    let digest = SHA256.digest(of: Array("secret".utf8)).hexadecimal
    let path = Path.join(folder.path, try folder.write("tokens", "ci \(digest) read manifests=a*\n"))
    let store = try TokenStore(path: path, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return Authorizer(tokens: store, administrators: [7], certificates: certificates, daemonUser: 1000)
  }

  @Test func withoutTokensEveryoneReadsAndOnlyLocalUsersChange() throws {
    let authorizer = Authorizer(administrators: [7], daemonUser: 1000)
    #expect(!authorizer.guardsReading)
    for (user, isAdministrator) in [(nil, false), (0, true), (1000, true), (7, true), (1001, false)]
      as [(UInt32?, Bool)]
    {
      let access = try authorizer.access(Self.request(["Bearer anything"], peer: Peer(user: user)))
      #expect(access.seesAll)
      #expect(access.may(.admin) == isAdministrator, "\(String(describing: user))")
    }
    let request = try Self.request()
    let error = #expect(throws: StatusError.self) {
      try authorizer.check(authorizer.access(request), may: .admin, request.head)
    }
    #expect(error?.code == .permissionDenied)
    #expect(error?.message.contains("tokens.file") == true && error?.message.contains("Unix socket") == true)
  }

  @Test func withTokensATokenOrAUserCounts() throws {
    let authorizer = try Self.guarded()
    let access = try authorizer.access(Self.request(["bearer  secret"]))
    #expect(access.maySee("abc") && !access.maySee("b") && !access.may(.admin) && access.name == "token ci")
    #expect(try authorizer.access(Self.request(peer: Peer(user: 1000))).may(.admin))
    // A token that is given counts alone, even where the user might more.
    #expect(try !authorizer.access(Self.request(["Bearer secret"], peer: Peer(user: 0))).may(.admin))
    #expect(throws: StatusError.self) { try authorizer.access(Self.request(["Bearer wrong"], peer: Peer(user: 0))) }
    #expect(throws: StatusError.self) { try authorizer.access(Self.request(peer: Peer(user: 1001))) }
  }

  @Test(arguments: [
    [], [""], ["Bearer"], ["Bearer "], ["secret"], ["Basic c2VjcmV0"], ["Bearer secret secret"], ["Bearer s,ecret"],
    ["Bearer secret", "Bearer secret"], ["Bearersecret"], ["Bearer \u{e9}"], ["Bearer SECRET"],
    ["Bearer " + String(repeating: "a", count: 5000)],
  ])
  func whatIsNotOneKnownTokenIsUnauthenticatedAndNotRepeated(values: [String]) throws {
    let authorizer = try Self.guarded()
    let error = #expect(throws: StatusError.self) { try authorizer.access(Self.request(values)) }
    #expect(error?.code == .unauthenticated)
    #expect(error?.responseFields[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
    for value in values {
      let secret = value.split(separator: " ").last.map(String.init) ?? ""
      #expect(secret.isEmpty || secret == "Bearer" || error?.message.contains(secret) == false)
    }
  }

  @Test func aTokenIsNoParameter() throws {
    let authorizer = try Self.guarded()
    for target in ["/stats?token=secret", "/stats?access_token=secret", "/stats?Authorization=Bearer%20secret"] {
      #expect(throws: StatusError.self) { try authorizer.access(Self.request([], target)) }
    }
  }

  @Test func aCertificateHasTheScopesOfItsNames() throws {
    var settings = Configuration.TLS()
    settings.server.clientAuthentication = .optional
    settings.readSubjects = ["worker-*"]
    settings.adminSubjects = ["ops.example"]
    func access(_ authorizer: Authorizer, _ name: String, _ alternatives: [String] = []) throws -> Access {
      var peer = Peer()
      peer.certificate = PeerCertificate(
        subject: "CN=\(name),O=Example", commonName: name, alternativeNames: alternatives, fingerprint: "")
      return try authorizer.access(Self.request(peer: peer))
    }
    let scopes = try CertificateScopes(settings)
    for authorizer in [try Self.guarded(scopes), Authorizer(certificates: scopes)] {
      #expect(authorizer.guardsReading)
      #expect(try access(authorizer, "worker-3").seesAll && !access(authorizer, "worker-3").may(.admin))
      #expect(try access(authorizer, "x", ["ops.example"]).may(.read))
      #expect(try access(authorizer, "x", ["ops.example"]).may(.admin))
      for stranger in ["", "worker", "ops_example", "CN=worker-3"] {
        #expect(throws: StatusError.self) { try access(authorizer, stranger) }
      }
    }
    // Where only changing is for some, everyone reads.
    settings.readSubjects = []
    let open = Authorizer(certificates: try CertificateScopes(settings))
    #expect(try !open.guardsReading && access(open, "x").seesAll && !access(open, "x").may(.admin))
    #expect(try access(open, "ops.example").may(.admin))
    settings.server.clientAuthentication = .none
    #expect(throws: ConfigurationError.self) { try CertificateScopes(settings) }
    settings.server.clientAuthentication = .require
    settings.adminSubjects = ["{a"]
    #expect(throws: ConfigurationError.self) { try CertificateScopes(settings) }
  }

  @Test func logsHaveNoValuesOfUnknownParameters() throws {
    for (target, logged) in [
      ("/shard?rank=0&mp=2&model=a%20b", "/shard?rank=0&mp=2&model=a%20b"), ("/stats", "/stats"), ("/?", "/?"),
      ("/shard?rank=0&token=ws_1&mp=2", "/shard?rank=0&token=…&mp=2"), ("/shard?ws_1", "/shard?…"),
      ("/x?to%6ben=ws_1&&rank=2", "/x?to%6ben=…&&rank=2"),
    ] {
      #expect(LoggedTarget.text(try Self.request([], target).head.target) == logged.escaped)
    }
  }
}
