import Testing

@testable import WeightServer

@Suite struct WatchStateTests {
  private static let quiet = Duration.seconds(5)

  private static func sighting(
    _ stamp: UInt8, isUnfinished: Bool = false, age: Duration = .zero
  ) -> WatchState.Sighting {
    WatchState.Sighting(stamp: [stamp], isUnfinished: isUnfinished, age: age)
  }

  @Test func whatIsQuietLongEnoughAppearsOnce() {
    var state = WatchState(quiet: WatchStateTests.quiet)
    expect(state.look([:], at: .zero), [])
    expect(state.look(["a": WatchStateTests.sighting(1)], at: .seconds(1)), [])
    expect(state.look(["a": WatchStateTests.sighting(1)], at: .seconds(5)), [])
    #expect(state.patience != nil)
    expect(state.look(["a": WatchStateTests.sighting(1)], at: .seconds(6)), [.appeared("a")])
    #expect(state.patience == nil)
    expect(state.look(["a": WatchStateTests.sighting(1)], at: .seconds(60)), [])
  }

  @Test func everyChangeBeginsTheWaitAnew() {
    var state = WatchState(quiet: WatchStateTests.quiet)
    _ = state.look([:], at: .zero)
    for second in 1...20 {
      expect(state.look(["a": WatchStateTests.sighting(UInt8(second))], at: .seconds(second)), [])
    }
    expect(state.look(["a": WatchStateTests.sighting(20)], at: .seconds(25)), [.appeared("a")])
  }

  @Test func whatIsBeingWrittenWaitsHoweverQuietItIs() {
    var state = WatchState(quiet: WatchStateTests.quiet)
    expect(state.look(["a": WatchStateTests.sighting(1, isUnfinished: true, age: .seconds(900))], at: .zero), [])
    #expect(state.patience == nil)
    expect(state.look(["a": WatchStateTests.sighting(1, isUnfinished: true)], at: .seconds(90)), [])
    // The rename of the last file changes the stamp.
    expect(state.look(["a": WatchStateTests.sighting(2)], at: .seconds(91)), [])
    expect(state.look(["a": WatchStateTests.sighting(2)], at: .seconds(96)), [.appeared("a")])
  }

  @Test func onlyWhatLayThereBeforeIsTrustedByItsAge() {
    var state = WatchState(quiet: WatchStateTests.quiet)
    let old = WatchStateTests.sighting(1, age: .seconds(3600))
    let ahead = WatchStateTests.sighting(1, age: .seconds(-3600))
    expect(state.look(["old": old, "ahead": ahead], at: .zero), [.appeared("old")])
    // A copy that keeps times is no older for it.
    expect(state.look(["old": old, "copy": old], at: .seconds(1)), [])
    expect(state.look(["old": old, "copy": old], at: .seconds(6)), [.appeared("copy")])
  }

  @Test func whatChangesIsToldOnceItIsQuietAgainAndWhatGoesAtOnce() {
    var state = WatchState(quiet: WatchStateTests.quiet)
    let old = WatchStateTests.sighting(1, age: .seconds(3600))
    expect(
      state.look(["a": old, "b": old, "c": WatchStateTests.sighting(9)], at: .zero), [.appeared("a"), .appeared("b")])
    expect(
      state.look(["a": WatchStateTests.sighting(2), "c": WatchStateTests.sighting(9)], at: .seconds(2)),
      [.vanished("b")])
    expect(state.look(["a": WatchStateTests.sighting(2)], at: .seconds(7)), [.changed("a")])
    // What was never told of is not told to be gone, and what comes back is new.
    expect(state.look([:], at: .seconds(8)), [.vanished("a")])
    expect(state.look(["b": old], at: .seconds(9)), [])
    expect(state.look(["b": old], at: .seconds(14)), [.appeared("b")])
  }
}
