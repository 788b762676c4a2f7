import Testing

@testable import Transport

@Suite struct TurnOrderTests {
  @Test func whoWaitsLongestIsNext() {
    var order = TurnOrder()
    for token in [3, 1, 2] as [UInt64] { order.append(token) }
    #expect((0..<4).map { _ in order.next() } == [3, 1, 2, nil])
    #expect(order.isEmpty)
  }

  @Test func whoWaitsAlreadyKeepsItsPlace() {
    var order = TurnOrder()
    for token in [1, 2, 1] as [UInt64] { order.append(token) }
    #expect((0..<3).map { _ in order.next() } == [1, 2, nil])
  }

  @Test func nobodyIsPassedOver() {
    // Everyone who takes a turn wants the next one too: between two turns of one, each of the others has one.
    var order = TurnOrder()
    for token in 0..<100 as Range<UInt64> { order.append(token) }
    var last: [UInt64: Int] = [:]
    for turn in 0..<1000 {
      guard let token = order.next() else {
        Issue.record("nobody waits at turn \(turn)")
        return
      }
      if let before = last[token] { #expect(turn - before == 100) }
      last[token] = turn
      order.append(token)
    }
  }
}
