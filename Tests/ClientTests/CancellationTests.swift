import Dispatch
import Platform
import Synchronization
import Testing
import Transport

@testable import WeightServerClient

@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
  let request = PartitionRequest(rank: 0, mp: 1)

  @Test(arguments: ["connected", "half"])
  func cancellingEndsTheTransferAndClosesItsSocket(stage: String) async throws {
    let content = StubContent(bytes: Safetensors.random(100_000, seed: 1))
    let folder = try TemporaryFolder()
    let (arrived, signal) = AsyncStream<Void>.makeStream()
    try await StubServer.with({ request, _ in
      var reply = content.reply(to: request)
      reply.stallAfter = stage == "half" ? 50_000 : 0
      signal.yield()
      return reply
    }) { server, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      let task = Task { () -> WeightClientError? in
        await clientError { () async throws(WeightClientError) in
          try await client.fetch(request, toFile: folder.file("w"))
        }
      }
      for await _ in arrived { break }
      task.cancel()
      #expect(await task.value == .canceled)
      for await _ in server.hangups { break }
      #expect(server.requests.count == 1)
    }
    let names = try folder.names()
    #expect(names.isEmpty || names == [".w.partial", ".w.partial.json"])
  }

  @Test func aTaskThatIsCancelledBeforeSendsNothing() async throws {
    try await StubServer.with({ _, _ in StubServer.Reply() }) { server, url in
      let client = try WeightClient(url)
      let task = Task { () -> WeightClientError? in
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
        return await clientError { () async throws(WeightClientError) in _ = try await client.manifests() }
      }
      #expect(await task.value == .canceled)
      #expect(server.requests.isEmpty)
    }
  }

  @Test func aWaitForAnotherTryEndsAtOnce() async throws {
    let (arrived, signal) = AsyncStream<Void>.makeStream()
    try await StubServer.with({ _, _ in
      signal.yield()
      return StubServer.Reply(status: 503, fields: [("Retry-After", "100")])
    }) { _, url in
      let client = try WeightClient(url)
      let task = Task { () -> WeightClientError? in
        await clientError { () async throws(WeightClientError) in _ = try await client.manifests() }
      }
      for await _ in arrived { break }
      task.cancel()
      #expect(await task.value?.code == .canceled)
    }
  }

  @Test func permitsBoundWhatRunsAndAreNeverLost() async {
    let permits = Permits(2)
    let load = Load()
    await withTaskGroup { group in
      for index in 0..<200 {
        group.addTask {
          if index % 3 == 0 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
          guard await permits.take() else { return }
          load.change(by: 1)
          await Task.yield()
          load.change(by: -1)
          permits.giveBack()
        }
      }
    }
    #expect(load.most <= 2)
    #expect(await permits.take())
    #expect(await permits.take())
  }
}

/// How much runs at once.
private final class Load: Sendable {
  private let state = Mutex((now: 0, most: 0))

  var most: Int { state.withLock { $0.most } }

  func change(by step: Int) {
    state.withLock { state in
      state.now += step
      state.most = max(state.most, state.now)
    }
  }
}
