import TestSupport
import Testing

@testable import Platform

@Suite struct TLSCredentialsTests {
  private let authority: TestAuthority

  init() throws {
    authority = try TestAuthority()
  }

  private func reason(_ change: (inout TLSServerSettings) throws -> Void) throws -> String? {
    var settings = TLSPair.settings(authority)
    try change(&settings)
    do throws(TLSError) {
      _ = try TLSContext.server(settings)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func aFileThatCannotBeUsedIsNamed() throws {
    let folder = try TemporaryFolder()
    try folder.write("garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    try folder.write("empty", "")
    #expect(
      try reason { $0.certificate = folder.file("none") }?.contains("none\" cannot be read: No such file") == true)
    #expect(try reason { $0.certificate = folder.path }?.contains("cannot be read") == true)
    #expect(try reason { $0.certificate = folder.file("garbage") }?.contains("certificate") == true)
    #expect(try reason { $0.certificate = folder.file("empty") }?.contains("holds no certificate") == true)
    #expect(try reason { $0.key = folder.file("empty") }?.contains("holds no private key") == true)
    #expect(try reason { $0.key = authority.file("client.key") }?.contains("do not belong together") == true)
    #expect(try reason { $0.ciphers = "ROT13" }?.contains("ROT13") == true)
    #expect(try reason { $0.ciphers = "TLS_ROT13" }?.contains("TLS_ROT13") == true)
    #expect(try reason { $0.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384" } == nil)
    #expect(
      try reason {
        $0.clientAuthentication = .optional
        $0.clientAuthority = folder.file("empty")
      }?.contains("client_authority") == true)
  }

  @Test func aKeyWithAPassphraseIsRefusedWithoutAsking() throws {
    let folder = try TemporaryFolder()
    try folder.write("key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n")
    #expect(try reason { $0.key = folder.file("key") }?.contains("passphrase") == true)
  }

  @Test func oneFileMayHoldBoth() throws {
    let folder = try TemporaryFolder()
    try folder.write("both.pem", try authority.text("server.pem") + authority.text("server.key"))
    #expect(
      try reason {
        $0.certificate = folder.file("both.pem")
        $0.key = ""
      } == nil)
  }

  @Test func aBadPairKeepsTheOldOne() throws {
    let credentials = try TLSCredentials(TLSPair.settings(authority))
    let first = credentials.current()
    try authority.make(["client", "other"])
    try authority.replace("server.key", with: "other.key")
    #expect(throws: TLSError.self) { try credentials.reload() }
    #expect(credentials.current() === first)
    try authority.make(["server", "server", "localhost"])
    try credentials.reload()
    #expect(credentials.current() !== first)
    let second = credentials.current()
    try authority.make(["server", "server", "localhost"], days: -1)
    #expect(throws: TLSError.self) { try credentials.reload() }
    #expect(credentials.current() === second)
  }

  @Test func slowKeysAreTold() throws {
    try authority.make(["server", "rsa", "localhost"], key: "rsa")
    #expect(try TLSContext.server(TLSPair.settings(authority, "rsa")).isSlow)
    #expect(try !TLSContext.server(TLSPair.settings(authority)).isSlow)
  }

  @Test func theEndOfACertificateIsKnown() throws {
    let end = try #require(try TLSContext.server(TLSPair.settings(authority)).expires)
    let expected = WallClock.seconds() + 30 * 86_400
    #expect(abs(end - expected) < 3600)
  }
}
