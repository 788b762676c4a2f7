import Platform
import Testing

@testable import WeightServer

@Suite struct ReprDigestFieldTests {
  /// The first from RFC 9530, section B.1: {"hello": "world"} and a line feed.
  @Test func aDigestIsAByteSequence() {
    let body = SHA256.digest(of: Array("{\"hello\": \"world\"}\n".utf8))
    #expect(ReprDigestField.value(body) == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:")
    #expect(ReprDigestField.value([]) == "sha-256=::")
    #expect(ReprDigestField.value([0x66]) == "sha-256=:Zg==:")
    #expect(ReprDigestField.value([0x66, 0x6F, 0x6F]) == "sha-256=:Zm9v:")
  }

  @Test(arguments: [
    ("sha-256=10", true), ("sha-512=3, sha-256=10, unixsum=0", true), ("sha-256=1", true), ("sha-256=0", false),
    ("sha-512=10", false), ("", false), ("sha-256", false), ("sha-256=11", false), ("sha-256=x", false),
    ("sha-256=5, sha-256=0", false), ("sha-256=-1", false),
  ])
  func aWishIsAPreferenceOfOneToTen(field: String, wants: Bool) {
    #expect(ReprDigestField.wantsSHA256(field) == wants)
  }
}
