import Testing

@testable import WeightServer

@Suite struct EntryTrailerTests {
  private let digest = (0..<32).map { UInt8($0) }

  @Test(arguments: [(0, ""), (1, "a"), (1 << 40, "rövision\nmodel\n0\n4\nrank=0&mp=4")])
  func whatIsWrittenIsRead(length: Int, description: String) {
    let trailer = EntryTrailer(bodyLength: length, digest: digest, description: description)
    let bytes = trailer.bytes
    #expect(EntryTrailer(tail: [7, 7] + bytes, fileLength: length + bytes.count) == trailer)
  }

  @Test func aFileThatWasCutOrGrewIsNoEntry() {
    let bytes = EntryTrailer(bodyLength: 10, digest: digest, description: "text").bytes
    let file = [UInt8](repeating: 1, count: 10) + bytes
    #expect(EntryTrailer(tail: file, fileLength: file.count) != nil)
    for count in 0..<file.count {
      #expect(EntryTrailer(tail: Array(file.prefix(count)), fileLength: count) == nil)
    }
    #expect(EntryTrailer(tail: file, fileLength: file.count + 1) == nil)
    #expect(EntryTrailer(tail: file + [0], fileLength: file.count + 1) == nil)
  }

  @Test func noBytesOfATrailerTrap() {
    let bytes = EntryTrailer(bodyLength: 10, digest: digest, description: "text").bytes
    for index in bytes.indices {
      var changed = bytes
      for value in [0, 0x7F, 0xFF] as [UInt8] {
        changed[index] = value
        _ = EntryTrailer(tail: changed, fileLength: changed.count + 10)
      }
    }
  }

  @Test func aPartitionIsReadFromItsDescription() {
    let text = "abc\ngpt\n3\n4\nrank=3&mp=4&dtype=float16"
    let partition = CachedPartition(text)
    #expect(partition?.rank == 3 && partition?.mp == 4 && partition?.model == "gpt")
    #expect(partition?.text == text)
    for wrong in ["", "a\nb", "a\nb\nx\n4\nc", "a\nb\n3\n4\nc\nd"] { #expect(CachedPartition(wrong) == nil) }
  }
}
