import TestSupport
import Testing

@testable import Transport

@Suite struct ConnectionTableTests {
  private func text(_ verdict: ConnectionTable<Int>.Verdict) -> String {
    switch verdict {
    case .admitted: "admitted"
    case .full(let limit): limit.rawValue
    }
  }

  @Test func eachLimitIsExact() {
    var table = ConnectionTable<Int>(limit: 3, clientLimit: 2)
    #expect(text(table.add(1)) == "admitted")
    #expect(text(table.add(1)) == "admitted")
    #expect(text(table.add(1)) == "connections_per_address")
    #expect(text(table.add(2)) == "admitted")
    #expect(text(table.add(3)) == "connections")
    table.remove(1)
    #expect(text(table.add(3)) == "admitted")
    #expect(table.open == 3)
  }

  @Test func theConnectionsOfAClientShareOneLoad() {
    var table = ConnectionTable<Int>(limit: 3, clientLimit: 2)
    guard case .admitted(let one) = table.add(1), case .admitted(let two) = table.add(1),
      case .admitted(let other) = table.add(2)
    else {
      Issue.record("there is room for three")
      return
    }
    #expect(one === two && one !== other)
  }

  @Test func aClientWithoutConnectionsTakesNoRoom() {
    var generator = SeededGenerator(seed: 3)
    var table = ConnectionTable<Int>(limit: 50, clientLimit: 5)
    var open: [Int] = []
    for _ in 0..<5000 {
      if !open.isEmpty, Bool.random(using: &generator) {
        table.remove(open.remove(at: Int.random(in: 0..<open.count, using: &generator)))
      } else {
        let client = Int.random(in: 0..<100_000, using: &generator)
        if case .admitted = table.add(client) { open.append(client) }
      }
      #expect(table.open == open.count && table.clientCount == Set(open).count, "seed 3")
    }
    for client in open { table.remove(client) }
    #expect(table.open == 0 && table.clientCount == 0)
    table.remove(1)
    #expect(table.open == 0)
  }
}
