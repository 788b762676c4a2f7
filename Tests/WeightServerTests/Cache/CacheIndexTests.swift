import Loader
import TestSupport
import Testing

@testable import WeightServer

@Suite struct CacheIndexTests {
  private let seal = FileSeal(device: 1, inode: 2, size: 3, modified: 4)
  private let partition = CachedPartition("r\nm\n0\n1\nrank=0&mp=1")

  private func ask(
    _ index: inout CacheIndex, _ id: String, bytes: Int = 10, mayMake: Bool = true, at now: Int64 = 1
  ) throws -> CacheIndex.Answer {
    index.ask(id, for: try #require(partition), bytes: bytes, mayMake: mayMake, at: now)
  }

  /// Makes an entry that was last used at a time.
  private func store(_ index: inout CacheIndex, _ id: String, bytes: Int = 10, at now: Int64) throws {
    #expect(try ask(&index, id, bytes: bytes, at: now) == .make)
    expect(index.reserve(id, free: .max), .granted)
    index.executing()
    index.stored(id, seal, at: now)
  }

  @Test func oneMakesAndAllOthersFollow() throws {
    var index = CacheIndex(budget: 100)
    #expect(try ask(&index, "a") == .make)
    for _ in 0..<1000 { #expect(try ask(&index, "a") == .follow) }
    index.executing()
    index.stored("a", seal, at: 2)
    #expect(try ask(&index, "a") == .stored)
    #expect(index.counters == .init(hits: 1001, misses: 1, executions: 1))
  }

  @Test func whatMayNotBeMadeIsOnlyLookedUp() throws {
    var index = CacheIndex(budget: 100)
    #expect(try ask(&index, "a", mayMake: false) == .absent)
    #expect(index.entries.isEmpty)
    try store(&index, "a", at: 1)
    #expect(try ask(&index, "a", mayMake: false) == .stored)
  }

  @Test func theLeastRecentlyUsedGoesFirst() throws {
    var index = CacheIndex(budget: 30)
    for (id, time) in [("a", 1), ("b", 2), ("c", 3)] as [(String, Int64)] { try store(&index, id, at: time) }
    #expect(try ask(&index, "a", at: 4) == .stored)
    index.unpin("a")
    #expect(try ask(&index, "d", bytes: 15, at: 5) == .make)
    expect(index.reserve("d", free: .max), .evict(["b", "c"]))
    expect(index.reserve("d", free: .max), .granted)
    #expect(index.bytes == 25)
  }

  @Test func whatIsBeingSentIsNeverEvicted() throws {
    var index = CacheIndex(budget: 20)
    try store(&index, "a", at: 1)
    try store(&index, "b", at: 2)
    #expect(try ask(&index, "a", at: 3) == .stored)
    #expect(try ask(&index, "c", bytes: 20, at: 4) == .make)
    expect(index.reserve("c", free: .max), .refused)
    #expect(index.entries["a"] != nil && index.entries["b"] != nil)
    index.failed("c", isError: false)
    index.unpin("a")
    #expect(try ask(&index, "c", bytes: 20, at: 5) == .make)
    expect(index.reserve("c", free: .max), .evict(["b", "a"]))
  }

  @Test func whatIsBeingMadeCountsAndIsNeverEvicted() throws {
    var index = CacheIndex(budget: 20)
    #expect(try ask(&index, "a", bytes: 15) == .make)
    expect(index.reserve("a", free: .max), .granted)
    #expect(try ask(&index, "b", bytes: 15) == .make)
    expect(index.reserve("b", free: .max), .refused)
  }

  @Test func theDisksRoomCountsAsTheBudgetDoes() throws {
    var index = CacheIndex(budget: 1000)
    try store(&index, "a", bytes: 100, at: 1)
    #expect(try ask(&index, "b", bytes: 50, at: 2) == .make)
    expect(index.reserve("b", free: 10), .evict(["a"]))
    expect(index.reserve("b", free: 110), .granted)
    #expect(try ask(&index, "c", bytes: 500, at: 3) == .make)
    expect(index.reserve("c", free: 60), .refused)
  }

  @Test func whatIsLargerThanTheBudgetIsRefused() throws {
    var index = CacheIndex(budget: 5)
    #expect(try ask(&index, "a") == .make)
    expect(index.reserve("a", free: .max), .refused)
    index.failed("a", isError: false)
    #expect(index.entries.isEmpty && index.counters.errors == 0)
  }

  @Test func whatIsMadeAheadDrivesNothingOutThatThisRunHasUsed() throws {
    var index = CacheIndex(budget: 20)
    index.merge([("old", 10, 5)], at: 100)
    try store(&index, "new", at: 101)
    #expect(try ask(&index, "ahead", at: 102) == .make)
    expect(index.reserve("ahead", free: .max, usedBefore: 100), .evict(["old"]))
    expect(index.reserve("ahead", free: .max, usedBefore: 100), .granted)
    index.stored("ahead", seal, at: 103)
    #expect(try ask(&index, "more", at: 104) == .make)
    expect(index.reserve("more", free: .max, usedBefore: 100), .refused)
  }

  @Test func whatWasFoundIsServedOnlyOnceItIsVerified() throws {
    var index = CacheIndex(budget: 100)
    index.merge([("a", 10, 5)], at: 100)
    #expect(try ask(&index, "a", at: 101) == .verify)
    #expect(try ask(&index, "a", at: 102) == .wait)
    index.stored("a", seal, at: 103)
    #expect(try ask(&index, "a", at: 104) == .stored)
  }

  @Test func whatIsDamagedIsMadeAnew() throws {
    var index = CacheIndex(budget: 100)
    index.merge([("a", 10, 5)], at: 100)
    #expect(try ask(&index, "a", at: 101) == .verify)
    index.lost("a", isError: true)
    #expect(index.counters.errors == 1)
    #expect(try ask(&index, "a", at: 102) == .make)
  }

  @Test func whatAnotherDaemonRemovedIsForgottenUnlessItIsInUse() throws {
    var index = CacheIndex(budget: 100)
    for (id, time) in [("gone", 1), ("sent", 2), ("young", 50)] as [(String, Int64)] { try store(&index, id, at: time) }
    #expect(try ask(&index, "sent", at: 3) == .stored)
    #expect(try ask(&index, "writing", at: 4) == .make)
    index.merge([("other", 7, 6)], at: 10)
    #expect(Set(index.entries.keys) == ["sent", "young", "writing", "other"])
    #expect(index.entries["other"]?.state == .unverified)
  }

  @Test func whatAnotherDaemonSendsStaysAndCountsAsUsed() throws {
    var index = CacheIndex(budget: 20)
    try store(&index, "a", at: 1)
    try store(&index, "b", at: 2)
    #expect(try ask(&index, "c", at: 3) == .make)
    expect(index.reserve("c", free: .max), .evict(["a"]))
    index.kept("a", bytes: 10, at: 4)
    expect(index.reserve("c", free: .max), .evict(["b"]))
  }

  @Test func onlySoManyAreMadeAtATime() throws {
    var index = CacheIndex(budget: .max)
    for number in 0..<CacheIndex.writingLimit { #expect(try ask(&index, "\(number)") == .make) }
    #expect(try ask(&index, "more") == .crowded)
    index.failed("0", isError: true)
    #expect(try ask(&index, "more") == .make)
    index.found("1")
    #expect(try ask(&index, "again") == .make)
  }

  @Test(arguments: 0..<20) func theBudgetHoldsAndWhatIsInUseStays(seed: Int) throws {
    var generator = SeededGenerator(seed: seed)
    var index = CacheIndex(budget: 50)
    var pinned: [String] = []
    for step in 0..<500 {
      let id = "\(generator.number(0...12))"
      let now = Int64(step)
      switch try ask(&index, id, bytes: generator.number(1...30), at: now) {
      case .stored: pinned.append(id)
      case .make:
        var room = index.reserve(id, free: generator.chance(in: 4) ? generator.number(0...60) : .max)
        while case .evict(let victims) = room {
          #expect(Set(victims).isDisjoint(with: pinned), "seed \(seed)")
          room = index.reserve(id, free: .max)
        }
        if room == .granted, !generator.chance(in: 5) {
          index.stored(id, seal, at: now)
        } else {
          index.failed(id, isError: false)
        }
      default: break
      }
      if generator.chance(in: 2), let done = pinned.popLast() { index.unpin(done) }
      #expect(index.bytes <= 50, "seed \(seed)")
    }
  }
}
