import HTTPTypes
import Platform
import Testing
import Transport

@testable import WeightServerClient

@Suite struct GroupTests {
  func content(_ request: RequestHead) -> StubContent {
    let rank = (try? request.target.queryItems())?.items.first { $0.name == "rank" }.flatMap { UInt64($0.value) } ?? 0
    return StubContent(bytes: Safetensors.random(10_000, seed: rank), tag: "\"\(rank)\"")
  }

  @Test func allRanksComeFromOneRevision() async throws {
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, _ in self.content(request).reply(to: request) }) { server, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      let result = try await client.fetchGroup(
        GroupRequest(mp: 8, ranks: 2..<7, model: "m"), toFiles: FileTemplate(folder.file("{rank}-of-{mp}")),
        concurrency: 2)
      #expect(result.files.map(\.rank) == [2, 3, 4, 5, 6])
      #expect(result.files.map(\.path) == (2..<7).map { folder.file("\($0)-of-8") })
      #expect(server.requests.first?.method == .head)
      for request in server.requests.dropFirst() {
        #expect(request.target.query?.contains("&revision=\(result.revision)") == true)
      }
    }
    for rank in 2..<7 { #expect(try folder.contents("\(rank)-of-8") == Safetensors.random(10_000, seed: UInt64(rank))) }
    #expect(try folder.names().count == 5)
  }

  @Test func aReloadBetweenTwoRanksEndsTheGroup() async throws {
    let folder = try TemporaryFolder()
    try await StubServer.with({ request, number in
      var content = self.content(request)
      if number > 3 { content.revision = "another" }
      return content.reply(to: request)
    }) { _, url in
      let error = await clientError { () async throws(WeightClientError) in
        _ = try await WeightClient(url, configuration: FetchTests.quick).fetchGroup(
          GroupRequest(mp: 4), toFiles: FileTemplate(folder.file("{rank}")), concurrency: 1)
      }
      #expect(error?.code == .aborted)
    }
    #expect(try folder.names() == ["0", "1"])
  }

  @Test func severalRanksNeedSeveralFiles() async throws {
    let error = await clientError { () async throws(WeightClientError) in
      _ = try await WeightClient("http://127.0.0.1:1").fetchGroup(GroupRequest(mp: 2), toFiles: FileTemplate("x"))
    }
    #expect(error?.code == .invalidArgument)
  }
}
