import Dispatch
import Glibc
import Platform
import Synchronization
import Testing
import Transport

@testable import WeightServerClient

/// Tensors and events as sequences.
@Suite(.timeLimit(.minutes(1))) struct ArrivalTests {
  let request = PartitionRequest(rank: 0, mp: 1)

  /// A partition of some tensors of different sizes, one of them empty.
  private func partition(_ sizes: [Int]) -> StubContent {
    var header: [String] = []
    var data: [UInt8] = []
    for (index, size) in sizes.enumerated() {
      header.append(
        #""t\#(index)":{"dtype":"U8","shape":[\#(size)],"data_offsets":[\#(data.count),\#(data.count + size)]}"#)
      data += (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
    }
    return StubContent(bytes: Safetensors.file(header: "{" + header.joined(separator: ",") + "}", data: data))
  }

  private func check(_ tensor: TensorView, _ index: Int) {
    #expect(tensor.name == "t\(index)")
    let bytes = tensor.withBytes { span in unsafe span.withUnsafeBytes { unsafe [UInt8]($0) } }
    #expect(bytes == (0..<tensor.count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) })
  }

  @Test(arguments: [1, 1 << 18, 256 << 20])
  func everyTensorArrivesOnceInOrder(ahead: Int) async throws {
    let sizes = [90_000, 5, 0, 10_000, 150_000, 1, 0]
    let content = partition(sizes)
    try await StubServer.with({ request, number in
      var reply = content.reply(to: request)
      if number < 3 { reply.cutAfter = 40_000 }
      return reply
    }) { server, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      var index = 0
      for try await tensor in client.tensors(request, ahead: ahead) {
        #expect(tensor.count == sizes[index])
        check(tensor, index)
        index += 1
      }
      #expect(index == sizes.count)
      #expect(server.requests.count == 3)
    }
  }

  @Test(arguments: [1, 4])
  func tensorsArriveInTheCallersMemory(connections: Int) async throws {
    let sizes = [50_000, 3, 0, 40_000]
    let content = partition(sizes)
    try await StubServer.with({ request, _ in content.reply(to: request) }) { _, url in
      var configuration = LaneTests.lanes
      configuration.connections = connections
      let client = try WeightClient(url, configuration: configuration)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: content.bytes.count, alignment: 64)
      defer { unsafe buffer.deallocate() }
      let memory = unsafe try CallerMemory(borrowing: buffer)
      var index = 0
      for try await tensor in client.tensors(request, into: memory) {
        check(tensor, index)
        index += 1
      }
      #expect(index == sizes.count)
      #expect(unsafe [UInt8](buffer) == content.bytes)
    }
  }

  @Test func aContentThatChangesUnderwayEndsTheSequence() async throws {
    let (old, new) = (partition([90_000, 90_000]), partition([90_000, 90_000, 1]))
    try await StubServer.with({ request, number in
      var content = number == 1 ? old : new
      content.tag = "\"v\(number)\""
      var reply = content.reply(to: request)
      if number == 1 { reply.cutAfter = 120_000 }
      return reply
    }) { _, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      var arrived = 0
      let error = await clientError { () async throws(WeightClientError) in
        for try await _ in client.tensors(request) { arrived += 1 }
      }
      #expect(error?.code == .aborted)
      #expect(arrived == 1)
    }
  }

  @Test func aTransferThatIsAheadWaitsUntilSomethingIsTaken() async throws {
    let queue = ArrivalQueue<Int>(limit: 100)
    let cancel = try CancelSignal()
    try queue.waitForRoom(1000, cancel: cancel)
    queue.put(1, cost: 1000)
    let state = Atomic<Int>(0)
    DispatchQueue(label: "transfer").async {
      try? queue.waitForRoom(1, cancel: cancel)
      state.store(1, ordering: .sequentiallyConsistent)
      queue.put(2, cost: 1)
      queue.end(nil)
    }
    #expect(state.load(ordering: .sequentiallyConsistent) == 0)
    #expect(try await queue.next() == 1)
    #expect(try await queue.next() == 2)
    #expect(try await queue.next() == nil)
    let stuck = ArrivalQueue<Int>(limit: 1)
    stuck.put(1, cost: 1)
    cancel.cancel()
    #expect(throws: WeightClientError.canceled) { try stuck.waitForRoom(1, cancel: cancel) }
  }

  @Test func aSmallWindowHoldsNothingBack() async throws {
    let content = partition([Int](repeating: 90_000, count: 4))
    try await StubServer.with({ request, _ in content.reply(to: request) }) { _, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      var iterator = client.tensors(request, ahead: 1).makeAsyncIterator()
      check(try #require(await iterator.next()), 0)
      check(try #require(await iterator.next()), 1)
      check(try #require(await iterator.next()), 2)
      check(try #require(await iterator.next()), 3)
      #expect(try await iterator.next() == nil)
    }
  }

  @Test func leavingAnIterationClosesItsConnection() async throws {
    let content = partition([100, 100_000])
    try await StubServer.with({ request, _ in
      var reply = content.reply(to: request)
      reply.stallAfter = 50_000
      return reply
    }) { server, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      for try await tensor in client.tensors(request) {
        check(tensor, 0)
        break
      }
      for await _ in server.hangups { break }
      await client.shutDown()
    }
  }

  @Test func eventsEndWithTheResult() async throws {
    let content = partition([100_000])
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in content.reply(to: request) }) { _, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      var last: FetchEvent?
      for try await event in client.events(of: request, toFile: folder.file("w")) { last = event }
      guard case .finished(let result)? = last else {
        Issue.record("the last event is \(String(describing: last))")
        return
      }
      #expect(result.byteCount == content.bytes.count)
    }
    #expect(try folder.names() == ["w"])
  }

  @Test func aDescriptorGetsTheWholeInOrder() async throws {
    let content = partition([100_000, 3])
    let folder = try TemporaryFolder()
    try folder.write([], to: "out")
    try await StubServer.with({ request, number in
      var reply = content.reply(to: request)
      if number == 1 { reply.cutAfter = 70_000 }
      return reply
    }) { _, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      let number = unsafe open(folder.file("out"), O_WRONLY)
      defer { close(number) }
      try await client.fetch(request, toDescriptor: number)
    }
    #expect(try folder.contents("out") == content.bytes)
  }

  @Test func whatIsNoSafetensorsReachesNoDescriptor() async throws {
    let folder = try TemporaryFolder()
    try folder.write([], to: "out")
    try await StubServer.with({ _, _ in StubServer.Reply(body: Array("<html>It works!</html>".utf8)) }) { _, url in
      let number = unsafe open(folder.file("out"), O_WRONLY)
      defer { close(number) }
      let error = await clientError { () async throws(WeightClientError) in
        try await WeightClient(url, configuration: FetchTests.quick).fetch(request, toDescriptor: number)
      }
      #expect(error?.code == .dataLoss)
    }
    #expect(try folder.contents("out") == [])
  }
}
