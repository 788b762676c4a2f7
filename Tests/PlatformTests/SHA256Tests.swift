import Platform
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4's examples (NIST, "Secure Hash Standard examples").
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func digestsAreThoseOfTheStandard(text: String, digest: String) {
    #expect(SHA256.digest(of: Array(text.utf8)).hexadecimal == digest)
    var parts = SHA256()
    for byte in text.utf8 { parts.update([byte]) }
    let inParts = parts.finish()
    #expect(inParts.hexadecimal == digest)
  }

  @Test func fieldsDoNotRunTogether() {
    var one = SHA256()
    one.update(field: "ab")
    one.update(field: "c")
    var other = SHA256()
    other.update(field: "a")
    other.update(field: "bc")
    let (first, second) = (one.finish(), other.finish())
    #expect(first != second)
  }
}
