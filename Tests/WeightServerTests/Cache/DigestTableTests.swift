import Testing

@testable import WeightServer

@Suite struct DigestTableTests {
  @Test func whoeverWaitsIsToldWhenItIsKnown() {
    var table = DigestTable<Int>()
    #expect(!table.wait(for: "a", 1))
    #expect(!table.wait(for: "a", 2))
    #expect(table.isAwaited("a"))
    #expect(table.learned("a", [9]) == [1, 2])
    #expect(table["a"] == [9])
    #expect(table.wait(for: "a", 3))
    #expect(!table.isAwaited("a"))
  }

  @Test func aBodyIsReadOnceAndNotWhereItIsKnown() {
    var table = DigestTable<Int>()
    #expect(table.enqueue("a"))
    #expect(!table.enqueue("a"))
    #expect(table.learned("a", [1]).isEmpty)
    #expect(!table.enqueue("a"))
  }

  @Test func aFailureIsToldAndMayBeTriedAgain() {
    var table = DigestTable<Int>()
    #expect(table.enqueue("a"))
    #expect(!table.wait(for: "a", 1))
    #expect(table.failed("a") == [1])
    #expect(table.enqueue("a"))
  }

  @Test func onlySoManyAreRead() {
    var table = DigestTable<Int>()
    for number in 0..<DigestTable<Int>.queueLimit { #expect(table.enqueue("\(number)")) }
    #expect(!table.enqueue("more"))
    #expect(table.failed("0").isEmpty)
    #expect(table.enqueue("more"))
  }
}
