import Testing
import Transport

@testable import WeightServerClient

@Suite struct TransferJournalTests {
  func journal(_ target: String = "/shard?rank=0&mp=1", stored: Int = 10) throws -> TransferJournal {
    TransferJournal(
      target: target, content: TransferContent(tag: try tag("a\\ü"), length: 100, revision: "r"), stored: stored,
      boot: "b")
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let journal = try journal("/shard?model=\"x\"\n")
    let bytes = try #require(journal.serialized)
    #expect(bytes.count == TransferJournal.size)
    #expect(TransferJournal(parsing: bytes) == journal)
  }

  @Test func everyPrefixAndEveryFlippedByteIsRefusedOrReadsAsAJournal() throws {
    let bytes = try #require(try journal().serialized)
    let text = bytes.prefix { $0 != 0x7D }
    for count in 0...text.count { #expect(TransferJournal(parsing: Array(bytes.prefix(count))) == nil) }
    for index in text.indices {
      var flipped = bytes
      flipped[index] ^= 1
      guard let journal = TransferJournal(parsing: flipped) else { continue }
      #expect(journal.stored > 0 && journal.stored <= journal.content.length)
      #expect(journal.content.resumeTag != nil)
    }
  }

  @Test(arguments: [
    #"{"version":2,"target":"t","etag":"\"a\"","length":9,"stored":1,"boot":"b"}"#,
    #"{"version":1,"target":"t","etag":"W/\"a\"","length":9,"stored":1,"boot":"b"}"#,
    #"{"version":1,"target":"t","etag":"a","length":9,"stored":1,"boot":"b"}"#,
    #"{"version":1,"target":"t","etag":"\"a\"","length":9,"stored":10,"boot":"b"}"#,
    #"{"version":1,"target":"t","etag":"\"a\"","length":9,"stored":0,"boot":"b"}"#,
    #"{"version":1,"target":"t","etag":"\"a\"","length":9,"stored":-1,"boot":"b"}"#,
    #"{"version":1,"target":"t","etag":"\"a\"","length":1e30,"stored":1,"boot":"b"}"#,
    #"{"version":1,"target":"t","etag":"\"a\"","length":9,"stored":1}"#,
    #"[]"#, "", "null",
  ])
  func aJournalWithAContradictionIsRefused(text: String) {
    #expect(TransferJournal(parsing: Array(text.utf8)) == nil)
  }

  @Test func whatCannotBeResumedIsNotWritten() throws {
    #expect(try journal(stored: 0).serialized == nil)
    #expect(try journal(String(repeating: "x", count: TransferJournal.size)).serialized == nil)
    let weak = TransferContent(tag: try tag("a", isWeak: true), length: 100)
    #expect(TransferJournal(target: "t", content: weak, stored: 1, boot: "b").serialized == nil)
  }

  @Test func onlyTheSameRequestBootAndRevisionGoOn() throws {
    let journal = try journal("t")
    #expect(journal.canResume(target: "t", boot: "b", pinnedRevision: nil))
    #expect(journal.canResume(target: "t", boot: "b", pinnedRevision: "r"))
    #expect(!journal.canResume(target: "u", boot: "b", pinnedRevision: nil))
    #expect(!journal.canResume(target: "t", boot: "c", pinnedRevision: nil))
    #expect(!journal.canResume(target: "t", boot: "b", pinnedRevision: "s"))
  }
}
