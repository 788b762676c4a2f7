import Platform
import Testing

@testable import Transport

@Suite struct BufferPoolTests {
  @Test func aBufferIsUsedAgainEmpty() {
    var pool = BufferPool(limit: 1 << 20)
    let first = pool.take(1000)
    #expect(first.capacity == 64 * 1024)
    first.count = 5
    pool.give(first)
    #expect(pool.keptBytes == 64 * 1024)
    let second = pool.take(64 * 1024)
    #expect(second === first)
    #expect(second.count == 0)
    #expect(pool.take(1) !== first)
  }

  @Test func noMoreIsKeptThanAllowed() {
    var pool = BufferPool(limit: 100 * 1024)
    let buffers = [pool.take(1), pool.take(1), pool.take(1 << 20), pool.take(5 << 20)]
    #expect(buffers.map(\.capacity) == [64 * 1024, 64 * 1024, 1 << 20, 5 << 20])
    for buffer in buffers { pool.give(buffer) }
    #expect(pool.keptBytes == 64 * 1024)
    pool.removeAll()
    #expect(pool.keptBytes == 0)
  }
}
