import Testing

@testable import Loader

@Suite struct RowRunTests {
  private static let orders: [RowOrder] = [.qkvBlocks, .qkvHeads, .qkvRows, .qkvGroups, .qkvApart]

  @Test func runsTakeEveryRowOnceAndPutItOnce() {
    for (heads, pairs, rows) in [(2, 2, 3), (4, 2, 2), (4, 1, 4)] {
      for interleaved in [0, rows / 2 * 2] {
        let numbers = RowOrder.Numbers(
          heads: heads, keyValueHeads: pairs, headRows: rows, interleavedRows: interleaved)
        for from in RowRunTests.orders {
          for to in RowRunTests.orders where heads == pairs || (from != .qkvRows && to != .qkvRows) {
            let lists = RowRun.runs(from: from.attention(numbers).interleaved(numbers), to: to.attention(numbers))
            let all = lists.flatMap { $0 }
            let count = (heads + 2 * pairs) * rows
            let taken = all.flatMap { piece in piece.runs.flatMap { run in run.rows { [piece.source, $0] } } }
            #expect(Set(taken).count == count && taken.count == count, "\(from) to \(to)")
            for (tensor, list) in lists.enumerated() {
              let put = list.flatMap { $0.runs.flatMap { run in run.inverted.rows { $0 } } }
              #expect(put.sorted() == Array(0..<put.count), "\(from) to tensor \(tensor) of \(to)")
            }
          }
        }
      }
    }
  }

  @Test func theSameOrderIsOneRun() {
    let numbers = RowOrder.Numbers(heads: 4, keyValueHeads: 4, headRows: 2)
    for order in RowRunTests.orders.dropLast() {
      let lists = RowRun.runs(from: order.attention(numbers), to: order.attention(numbers))
      if order != .qkvRows { #expect(lists.flatMap { $0 }.map(\.runs) == [[.whole(24)]], "\(order)") }
    }
  }

  @Test func gateAndUpChangePlaces() {
    let lists = RowRun.runs(from: RowOrder.upGate.projection(rows: 6), to: RowOrder.gateUpApart.projection(rows: 6))
    #expect(lists.map { $0.flatMap(\.runs).map(\.sourceStart) } == [[3], [0]])
  }
}

extension RowRun {
  /// Each of the source's rows.
  fileprivate func rows<Value>(_ make: (Int) -> Value) -> [Value] {
    (0..<count).map { make(sourceStart + $0 * sourceStep) }
  }
}
