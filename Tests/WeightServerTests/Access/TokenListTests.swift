import Platform
import Testing
import Transport

@testable import WeightServer

@Suite struct TokenListTests {
  static let digest = SHA256.digest(of: Array("secret".utf8)).hexadecimal
  static let other = SHA256.digest(of: Array("another".utf8)).hexadecimal

  @Test func aLineSaysWhoMayWhatHowLong() throws {
    let list = try TokenList(
      parsing: """
        # who   what
          ci\t\(Self.digest)  read  manifests=llama-*,gpt2 expires=2027-01-31 # until the end

        ops \(Self.other.uppercased()) read,admin\r
        """)
    #expect(list.entries.map(\.name) == ["ci", "ops"])
    #expect(list.entries.map(\.scopes) == [[.read], [.read, .admin]])
    #expect(list.entries.map(\.expires) == [1_801_353_600, nil])
    let access = list.entries[0].access
    #expect(access.maySee("llama-3") && access.maySee("gpt2") && !access.maySee("gpt2-tiny") && !access.maySee(""))
    #expect(!access.seesAll && list.entries[1].access.seesAll)
  }

  @Test func aTokenIsFoundByItsDigestUntilItExpires() throws {
    let list = try TokenList(parsing: "ci \(Self.digest) read expires=1970-01-01T00:01:40Z\nops \(Self.other) admin")
    #expect(list.entry(for: "secret", at: 99)?.name == "ci")
    #expect(list.entry(for: "secret", at: 100) == nil)
    #expect(list.entry(for: "another", at: .max)?.name == "ops")
    for wrong in ["", "secret ", "Secret", Self.digest] { #expect(list.entry(for: wrong, at: 0) == nil) }
    #expect(TokenList().entry(for: "secret", at: 0) == nil)
  }

  @Test(arguments: [
    ("ci", "a name, a SHA-256"),
    ("ci \(digest)", "a name, a SHA-256"),
    ("c/i \(digest) read", "name c/i"),
    ("ci \(digest.dropLast()) read", "64 hexadecimal digits"),
    ("ci \(digest.dropLast())g read", "64 hexadecimal digits"),
    ("ci \(digest)0 read", "64 hexadecimal digits"),
    ("ci \(digest) write", "scopes write"),
    ("ci \(digest) read,", "scopes read,"),
    ("ci \(digest) open", "scopes open"),
    ("ci \(digest) read expires=tomorrow", "2027-01-31"),
    ("ci \(digest) read expires=2027-02-29", "2027-01-31"),
    ("ci \(digest) read expires=2027-01-31 expires=2028-01-31", "is not known"),
    ("ci \(digest) read manifests=", "no pattern"),
    ("ci \(digest) read manifests=a,,b", "no pattern"),
    ("ci \(digest) read manifests={a", "bracket"),
    ("ci \(digest) read Manifests=a", "Manifests=a is not known"),
    ("ci \(digest) read read", "read is not known"),
    ("\nci \(digest) read\nci \(other) read", "stands twice"),
  ])
  func aLineThatCannotBeUsedIsRefusedWithoutItsDigest(text: String, part: String) {
    let fault = #expect(throws: TokenList.Fault.self) { try TokenList(parsing: text) }
    #expect(fault?.message.contains(part) == true, "\(String(describing: fault))")
    #expect(fault?.message.contains(Self.digest.prefix(20)) == false)
    #expect(fault?.line == text.split(separator: "\n", omittingEmptySubsequences: false).count)
  }

  @Test func whatTheCommandMakesTheListReads() throws {
    let token = try NewToken(name: "ci", scopes: "read", manifests: "a*", expires: "2099-12-31")
    let list = try TokenList(parsing: token.line)
    #expect(list.entry(for: token.text, at: 0)?.name == "ci")
    #expect(!token.line.contains(token.text) && token.text.hasPrefix("ws_") && token.text.count == 67)
    let texts = try (0..<50).map { _ in try NewToken(name: "x", scopes: "read", manifests: nil, expires: nil).text }
    #expect(Set(texts).count == 50)
    for (name, scopes) in [("a b", "read"), ("", "read"), ("#", "read"), ("a", "write"), ("a", "read\nroot")] {
      #expect(throws: ConfigurationError.self) {
        try NewToken(name: name, scopes: scopes, manifests: nil, expires: nil)
      }
    }
  }
}
