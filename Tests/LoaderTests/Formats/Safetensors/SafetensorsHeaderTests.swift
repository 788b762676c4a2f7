import Loader
import TestSupport
import Testing

@Suite struct SafetensorsHeaderTests {
  private func header(_ json: String, data: UInt64? = nil) throws -> SafetensorsHeader {
    try SafetensorsHeader(json: Array(json.utf8), dataSize: data)
  }

  private static let one = "\"a\": {\"dtype\": \"F32\", \"shape\": [2, 2], \"data_offsets\": [0, 16]}"
  private static let two = "\"b\": {\"dtype\": \"BF16\", \"shape\": [4], \"data_offsets\": [16, 24]}"

  @Test func tensorsComeInTheOrderOfTheirBytes() throws {
    let parsed = try header("{\(Self.two), \(Self.one), \"__metadata__\": {\"format\": \"pt\"}}  ", data: 24)
    #expect(parsed.tensors.map(\.name) == ["a", "b"])
    #expect(parsed.tensors.map(\.range) == [0..<16, 16..<24])
    #expect(parsed.metadata.first?.value == "pt")
  }

  @Test(arguments: DType.allCases)
  func everyDTypeIsRead(dtype: DType) throws {
    let bytes = 8 * dtype.bitSize / 8
    let text = "{\"x\": {\"dtype\": \"\(dtype.rawValue)\", \"shape\": [8], \"data_offsets\": [0, \(bytes)]}}"
    #expect(try header(text, data: UInt64(bytes)).tensors.first?.dtype == dtype)
  }

  @Test(arguments: [
    (" {\(one)}", 16, "begin with '{'"), ("{\(one)", 16, "not valid JSON"), ("{\(one)} x", 16, "nothing may follow"),
    ("{\(one), \(one)}", 16, "twice"), ("{\(two)}", 24, "a hole"), ("{\(one)}", 15, "is truncated"),
    ("{\(one)}", 17, "belong to none"), ("{\"a\": 1}", 0, "not an object"), ("{\"a\": {}}", 0, "without dtype"),
    ("{\"a\": {\"dtype\": \"F31\", \"shape\": [], \"data_offsets\": [0, 4]}}", 4, "unknown dtype F31"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, 4]}}", 4, "whole numbers"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [1.5], \"data_offsets\": [0, 4]}}", 4, "whole numbers"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4, 8]}}", 4, "more than 2"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 0]}}", 4, "[begin, end]"),
    ("{\"a\": {\"dtype\": \"F32\", \"shape\": [5], \"data_offsets\": [0, 16]}}", 16, "needs 20 bytes"),
    (
      "{\"a\": {\"dtype\": \"F32\", \"shape\": [4611686018427387905, 4], \"data_offsets\": [0, 16]}}", 16,
      "cannot be counted"
    ),
    ("{\"__metadata__\": {\"a\": 1}}", 0, "not a string"), ("{\"__metadata__\": {}, \"__metadata__\": {}}", 0, "twice"),
    ("{\"a\": {\"dtype\": \"F4\", \"shape\": [3], \"data_offsets\": [0, 2]}}", 2, "cannot be counted"),
  ])
  func aHeaderThatBreaksARuleIsRefused(json: String, data: Int, reason: String) throws {
    let failure = try #require(throws: SafetensorsHeader.Failure.self) { try header(json, data: UInt64(data)) }
    #expect(failure.description.contains(reason), "\(failure)")
  }

  @Test func overlapsAreRefused() throws {
    let other = "\"b\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [8, 24]}"
    let failure = try #require(throws: SafetensorsHeader.Failure.self) {
      try header("{\(Self.one), \(other)}", data: 24)
    }
    #expect(failure.description.contains("an overlap before tensor b"))
  }

  @Test(
    arguments: [
      (0, 8, false), (1000, 50, false), (100_000_001, 200_000_000, false), (1 << 63, 1 << 20, false),
      (.max - 7, 1 << 20, false), (2, 10, true), (100_000_000, 100_000_008, true), (1, 100, false),
    ] as [(UInt64, UInt64, Bool)])
  func aLengthIsHeldAgainstTheFile(length: UInt64, size: UInt64, isRight: Bool) {
    let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
    #expect((try? SafetensorsHeader.length(prefix: prefix, fileSize: size)) == (isRight ? Int(length) : nil))
  }

  @Test(arguments: 0..<300)
  func damagedHeadersNeverTrap(seed: Int) {
    var random = SeededGenerator(seed: seed)
    var bytes = Array("{\(Self.one), \(Self.two)}".utf8)
    for _ in 0..<random.number(1...3) { bytes[random.number(0...bytes.count - 1)] = UInt8(random.number(0x20...0x7E)) }
    _ = try? SafetensorsHeader(json: bytes, dataSize: 24)
  }
}
