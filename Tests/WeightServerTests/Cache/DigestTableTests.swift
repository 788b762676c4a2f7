import Testing

@testable import WeightServer

@Suite struct DigestTableTests {
  @Test func whoeverWaitsIsToldWhenItIsKnown() {
    var table = DigestTable<Int>()
    expect(table.wait(for: "a", 1), false)
    expect(table.wait(for: "a", 2), false)
    #expect(table.isAwaited("a"))
    expect(table.learned("a", [9]), [1, 2])
    #expect(table["a"] == [9])
    expect(table.wait(for: "a", 3), true)
    #expect(!table.isAwaited("a"))
  }

  @Test func aBodyIsReadOnceAndNotWhereItIsKnown() {
    var table = DigestTable<Int>()
    expect(table.enqueue("a"), true)
    expect(table.enqueue("a"), false)
    expect(table.learned("a", [1]).isEmpty, true)
    expect(table.enqueue("a"), false)
  }

  @Test func aFailureIsToldAndMayBeTriedAgain() {
    var table = DigestTable<Int>()
    expect(table.enqueue("a"), true)
    expect(table.wait(for: "a", 1), false)
    expect(table.failed("a"), [1])
    expect(table.enqueue("a"), true)
  }

  @Test func onlySoManyAreRead() {
    var table = DigestTable<Int>()
    for number in 0..<DigestTable<Int>.queueLimit { expect(table.enqueue("\(number)"), true) }
    expect(table.enqueue("more"), false)
    expect(table.failed("0").isEmpty, true)
    expect(table.enqueue("more"), true)
  }
}
