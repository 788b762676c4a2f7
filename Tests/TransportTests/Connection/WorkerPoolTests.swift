import Dispatch
import Synchronization
import Testing

@testable import Transport

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 3])
  func noMoreRunAtATimeThanAllowedAndAllRun(limit: Int) async {
    let pool = WorkerPool(limit: limit)
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
}
