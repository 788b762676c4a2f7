import Glibc
import Platform
import Testing
import Transport

@testable import WeightServerClient

/// Deadlines, cancellation and the end of a client: nothing of it is left.
@Suite(.timeLimit(.minutes(1))) struct ShutdownTests {
  let request = PartitionRequest(rank: 0, mp: 1)
  let content = StubContent(bytes: Safetensors.random(100_000, seed: 31))

  private func stalling(_ request: RequestHead) -> StubServer.Reply {
    var reply = content.reply(to: request)
    reply.stallAfter = 50_000
    return reply
  }

  @Test(arguments: [false, true])
  func aDeadlineEndsTheFetchAndLeavesNothing(keeps: Bool) async throws {
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in stalling(request) }) { server, url in
      var configuration = FetchTests.quick
      configuration.deadline = .milliseconds(300)
      configuration.keepsPartialWhenCancelled = keeps
      let error = await clientError { () async throws(WeightClientError) in
        try await WeightClient(url, configuration: configuration).fetch(request, toFile: folder.file("w"))
      }
      #expect(error?.code == .deadlineExceeded)
      for await _ in server.hangups { break }
    }
    #expect(try folder.names().sorted() == (keeps ? [".w.partial", ".w.partial.json"] : []))
  }

  @Test func shutDownEndsWhatRunsAndRefusesWhatComes() async throws {
    let folder = try TemporaryFolder()
    let (arrived, signal) = AsyncStream<Void>.makeStream()
    try await StubServer.with({ request, _ in
      signal.yield()
      return stalling(request)
    }) { server, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      let task = Task { () -> WeightClientError? in
        await clientError { () async throws(WeightClientError) in
          try await client.fetch(request, toFile: folder.file("w"))
        }
      }
      for await _ in arrived { break }
      await client.shutDown()
      #expect(await task.value == .canceled)
      let late = await clientError { () async throws(WeightClientError) in _ = try await client.manifests() }
      #expect(late?.code == .failedPrecondition)
      #expect(server.requests.count == 1)
    }
    #expect(try folder.names() == [])
  }

  @Test func theScopeShutsItsClientDownWhenItsBodyFails() async throws {
    struct Problem: Error {}
    let escaped = Escaped()
    try await StubServer.with({ request, _ in content.reply(to: request) }) { _, url in
      await #expect(throws: Problem.self) {
        try await withWeightClient(url) { client in
          escaped.client = client
          _ = try await client.open(request)
          throw Problem()
        }
      }
      let late = await clientError { () async throws(WeightClientError) in _ = try await escaped.client?.manifests() }
      #expect(late?.code == .failedPrecondition)
    }
  }

  private final class Escaped {
    var client: WeightClient?
  }
}
