import Testing

@testable import WeightServer

@Suite struct SharedMemoryIndexTests {
  private typealias Index = SharedMemoryIndex<String, Int>

  private func ask(_ index: inout Index, _ id: String, _ bytes: Int, used: Set<String> = []) -> String {
    switch index.ask(id, bytes: bytes, 0, isUsed: { used.contains($0) }) {
    case .ready: "ready"
    case .make: "make"
    case .wait: "wait"
    case .refused: "refused"
    }
  }

  @Test func oneMakesAndTheOthersWait() {
    var index = Index(budget: 100)
    #expect(ask(&index, "a", 60) == "make")
    #expect(ask(&index, "a", 60) == "wait")
    #expect(index.use("a") == nil)
    #expect(index.finished("a", "A").count == 2)
    #expect(ask(&index, "a", 60) == "ready")
    #expect(index.use("a") == "A")
    #expect(index.bytes == 60)
  }

  @Test func whatWasAskedForLongestAgoGoesUnlessItIsUsed() {
    var index = Index(budget: 100)
    for id in ["a", "b", "c"] {
      #expect(ask(&index, id, 30) == "make")
      _ = index.finished(id, id)
    }
    _ = index.use("a")
    #expect(ask(&index, "d", 40, used: ["b"]) == "make")
    #expect(index.use("c") == nil)
    #expect(index.use("b") == "b")
    #expect(index.use("a") == "a")
    #expect(ask(&index, "e", 100, used: ["b"]) == "refused")
    #expect(index.use("a") == "a", "nothing goes for what is refused")
  }

  @Test func whatIsLargerThanTheBudgetOrFailsLeavesNothing() {
    var index = Index(budget: 100)
    #expect(ask(&index, "a", 101) == "refused")
    #expect(ask(&index, "b", 100) == "make")
    #expect(ask(&index, "c", 1) == "refused")
    #expect(index.finished("b", nil).count == 1)
    #expect((index.bytes, index.count) == (0, 0))
    #expect(ask(&index, "c", 1) == "make")
  }
}
