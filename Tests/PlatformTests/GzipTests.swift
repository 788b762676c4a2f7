import Platform
import TestSupport
import Testing

/// The compressed bytes are those that Python's gzip made.
@Suite struct GzipTests {
  @Test(arguments: [
    ("nothing", "", "H4sIAAAAAAACAwMAAAAAAAAAAAA="),
    ("stored", "e30=", "H4sIAAAAAAAEAwECAP3/e31Dv6ajAgAAAA=="),
    ("fixed", "eyJuYW1lIjoiZ3B0Mi10aW55In0=", "H4sIAAAAAAACA6tWykvMTVWyUkovKDHSLcnMq1SqBQAScUFIFAAAAA=="),
    ("named", "eyJtcCI6NH0=", "H4sICAAAAAAC/21lc3NhZ2UuanNvbgCrVsotULIyqQUA1H/bNwgAAAA="),
  ])
  func whatPythonCompressedIsUnfolded(name: String, plain: String, compressed: String) throws {
    let bytes = try #require(Base64.decode(compressed.utf8))
    #expect(try Gzip.decode(bytes, limit: 1000) == Base64.decode(plain.utf8))
  }

  /// 400 lines by codes of their own and references far back.
  private static let lines = """
    H4sIAAAAAAACA+3VPW4CQRAF4ZxTzBHoH2xznA0GsdLKIDOBj498gwocVv6iUqu/Y/+e4zwet7GNNX/XWPdtjZ/5nNt6jX295nE7
    HX+jIKMkoyKjJqMLGX2Q0ScZfZHRFcVkyVHzQNEDVQ+UPVD3QOEDlQ+UPlD7RO2T3Ttqn6h9ovaJ2idqn6h9ovaJ2hdqX6h9sWeD
    2hdqX6h9ofaF2hdqX6h9o/aN2jdq3+zTo/aN2jdq36h9o/aN2iuswiqswiqswiqswiqswiqswiqswiqswiqswiqswiqswiqswiqs
    wiqswiqswiqswiqswiqswiqswiqswiqswiqswiqswiqswiqswirsPwj7BsVMinQQOwAA
    """

  private static let plain = (0..<400).map { "line \($0 % 50) of a text that repeats itself\n" }.joined()

  private static var compressed: [UInt8] {
    get throws { try #require(Base64.decode(lines.utf8.filter { $0 != 0x0A && $0 != 0x20 })) }
  }

  @Test func codesOfABlocksOwnAreRead() throws {
    #expect(try Gzip.decode(GzipTests.compressed, limit: 1 << 20) == Array(GzipTests.plain.utf8))
  }

  @Test func whatUnfoldsToTooMuchIsStopped() throws {
    let bytes = try GzipTests.compressed
    let error = #expect(throws: Gzip.Failure.self) { try Gzip.decode(bytes, limit: GzipTests.plain.utf8.count - 1) }
    let isTooLarge = if case .tooLarge? = error { true } else { false }
    #expect(isTooLarge, "\(String(describing: error))")
  }

  @Test func everyPrefixIsRefused() throws {
    let bytes = try GzipTests.compressed
    for count in bytes.indices {
      #expect(throws: Gzip.Failure.self) { try Gzip.decode(Array(bytes[..<count]), limit: 1 << 20) }
    }
    #expect(throws: Gzip.Failure.self) { try Gzip.decode(bytes + [0], limit: 1 << 20) }
  }

  @Test(arguments: 0..<4) func aChangedByteIsNoticedAndNothingTraps(seed: Int) throws {
    let bytes = try GzipTests.compressed
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      var changed = bytes
      // What the header says of time and system is nobody's business.
      let index = Int.random(in: 10..<bytes.count, using: &generator)
      // The last bits of the last block's last byte mean nothing.
      if index == bytes.count - 9 { continue }
      changed[index] ^= UInt8.random(in: 1...255, using: &generator)
      #expect(throws: Gzip.Failure.self, "seed \(seed), byte \(index)") { try Gzip.decode(changed, limit: 1 << 20) }
    }
  }

  @Test(arguments: 0..<4) func arbitraryBytesDoNotTrap(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let count = Int.random(in: 0..<200, using: &generator)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      _ = try? Gzip.decode([0x1F, 0x8B, 8, UInt8(seed), 0, 0, 0, 0, 0, 3] + bytes, limit: 10_000)
    }
  }
}
