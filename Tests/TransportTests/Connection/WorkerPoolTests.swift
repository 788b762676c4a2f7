import Dispatch
import Platform
import Synchronization
import Testing

@testable import Transport

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 3], [0, 5])
  func noMoreRunAtATimeThanAllowedAndAllRun(limit: Int, niceness: Int) async {
    let pool = WorkerPool(limit: limit, niceness: niceness)
    let running = Atomic(0)
    let most = Atomic(0)
    let done = Atomic(0)
    for _ in 0..<500 {
      pool.run {
        let now = running.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
        most.max(now, ordering: .sequentiallyConsistent)
        running.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        done.wrappingAdd(1, ordering: .sequentiallyConsistent)
      }
    }
    #expect(await waitUntil { done.load(ordering: .sequentiallyConsistent) == 500 })
    #expect(most.load(ordering: .sequentiallyConsistent) <= limit)
  }

  @Test func oneWorkerKeepsTheOrder() async {
    let pool = WorkerPool(limit: 1)
    let order = Recorder<Int>()
    for index in 0..<200 { pool.run { order.append(index) } }
    #expect(await waitUntil { order.all.count == 200 })
    #expect(order.all == Array(0..<200))
  }

  @Test(arguments: [0, 7]) func workStandsBackAsFarAsTheUserSays(niceness: Int) async {
    let pool = WorkerPool(limit: 2, niceness: niceness)
    let found = Recorder<Int>()
    let usual = BackgroundThread.currentNiceness
    for _ in 0..<10 { pool.run { found.append(BackgroundThread.currentNiceness) } }
    #expect(await waitUntil { found.all.count == 10 })
    #expect(found.all.allSatisfy { $0 == max(usual, niceness) })
    #expect(BackgroundThread.currentNiceness == usual, "nobody else stands back")
  }
}
