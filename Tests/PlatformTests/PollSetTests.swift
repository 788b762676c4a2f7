import Testing

@testable import Platform

@Suite struct PollSetTests {
  /// The events of a set by their tokens.
  private func events(of set: PollSet) -> [UInt64: PollSet.Event] {
    var events: [UInt64: PollSet.Event] = [:]
    _ = set.takeEvents { events[$0.token] = $0 }
    return events
  }

  @Test func whatASocketIsReadyForIsToldOnce() throws {
    let (near, far) = try Socket.pair(isBlocking: false)
    let set = try PollSet()
    try set.add(near, token: 7)
    #expect(events(of: set)[7].map { [$0.isReadable, $0.isWritable, $0.hasEnded] } == [false, true, false])
    #expect(events(of: set).isEmpty)
    try far.sendAll([1])
    #expect(events(of: set)[7]?.isReadable == true)
    #expect(events(of: set).isEmpty)
    // What comes on top of what was not taken is told all the same.
    try far.sendAll([2])
    #expect(events(of: set)[7]?.isReadable == true)
  }

  @Test func theEndIsTold() throws {
    let (near, far) = try Socket.pair(isBlocking: false)
    let set = try PollSet()
    try set.add(near, token: 1)
    _ = events(of: set)
    far.shutdown(.sending)
    #expect(events(of: set)[1].map { [$0.isReadable, $0.hasEnded] } == [true, true])
  }

  @Test func roomIsToldWhenASocketThatWasFullHasSomeAgain() throws {
    let (near, far) = try Socket.pair(isBlocking: false)
    let set = try PollSet()
    try set.add(near, token: 1)
    _ = events(of: set)
    while try near.send([UInt8](repeating: 0, count: 65536)[...]) != nil {}
    #expect(events(of: set)[1]?.isWritable != true)
    var bytes = [UInt8](repeating: 0, count: 65536)
    while try far.receive(into: &bytes) != nil {}
    #expect(events(of: set)[1]?.isWritable == true)
  }

  @Test func nothingIsToldOfWhatWasTakenOut() throws {
    let (near, far) = try Socket.pair(isBlocking: false)
    let set = try PollSet()
    try set.add(near, token: 1)
    try far.sendAll([1])
    set.remove(near)
    #expect(events(of: set).isEmpty)
  }
}
