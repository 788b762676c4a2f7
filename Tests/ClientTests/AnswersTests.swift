import HTTPTypes
import Loader
import Testing
import Transport

@testable import WeightServerClient

@Suite struct AnswersTests {
  static let list = """
    {"manifests":[{"name":"a","state":"ready","revision":"r","type":"Megatron","family":"GPT","parallelization":"tp",
    "source_mp":2,"version":2.0,"tensor_count":3,"bytes":12,"mp_degrees":[1,2],"cached":[],"error":null},
    {"name":"b","state":"failed","error":{"code":"data_loss","message":"truncated"}},{"name":"c","state":"loading"}]}
    """

  @Test(arguments: [false, true])
  func theListIsRead(isChunked: Bool) async throws {
    try await StubServer.with({ _, _ in StubServer.Reply(body: Array(Self.list.utf8), isChunked: isChunked) }) {
      server, url in
      let manifests = try await WeightClient(url + "/base").manifests()
      #expect(manifests.map(\.name) == ["a", "b", "c"])
      #expect(manifests.map(\.state) == [.ready, .failed(code: "data_loss", message: "truncated"), .loading])
      #expect(manifests[0].degrees == [1, 2])
      #expect(manifests[0].version == "2.0")
      #expect(server.requests.first?.target.path == "/base/manifests")
    }
  }

  @Test func oneManifestIsAskedForByItsEncodedName() async throws {
    let body = #"{"name":"a b","state":"stale","module_key":"module","files":["x",{"name":"y"}],"warnings":["odd"]}"#
    try await StubServer.with({ _, _ in StubServer.Reply(body: Array(body.utf8)) }) { server, url in
      let manifest = try await WeightClient(url).manifest("a b")
      #expect(manifest.summary.state == .stale)
      #expect(manifest.files == ["x", "y"])
      #expect(manifest.warnings == ["odd"])
      #expect(server.requests.first?.target.raw == "/manifests/a%20b")
    }
  }

  @Test func aPlanIsRead() throws {
    let text = """
      {"model":"m","revision":"r","rank":0,"mp":1,"bytes":100,"tensors":[
      {"name":"w","dtype":"F32","shape":[2,2],"range":[64,80],"rule":"split"}]}
      """
    let plan = try PartitionPlanSummary(parsing: Array(text.utf8))
    #expect(plan.byteCount == 100)
    let tensor = PartitionPlanSummary.Tensor(name: "w", dtype: .f32, shape: [2, 2], byteRange: 64..<80)
    #expect(plan.tensors == [tensor])
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"bytes":1}"#, #"{"bytes":-1,"tensors":[]}"#, #"{"bytes":1,"tensors":{}}"#,
    #"{"bytes":1,"tensors":[{"name":"w","dtype":"F3","shape":[],"range":[0,1]}]}"#,
    #"{"bytes":1,"tensors":[{"name":"w","dtype":"U8","shape":[],"range":[0,2]}]}"#,
    #"{"bytes":1,"tensors":[{"name":"w","dtype":"U8","shape":[],"range":[1,0]}]}"#,
    #"{"bytes":1,"tensors":[{"name":"w","dtype":"U8","shape":[],"range":[0]}]}"#,
    #"{"bytes":1,"tensors":[{"dtype":"U8","shape":[],"range":[0,1]}]}"#,
  ])
  func aWrongPlanIsAnErrorThatSaysWhere(text: String) {
    let error = #expect(throws: WeightClientError.self) { try PartitionPlanSummary(parsing: Array(text.utf8)) }
    #expect(error?.origin == .content)
    #expect(error?.message.contains("/plan") == true)
  }

  @Test func aKeptConnectionServesTheNextRequestAndABrokenOneIsReplaced() async throws {
    try await StubServer.with({ _, number in
      StubServer.Reply(body: Array("[]".utf8), closes: number == 2)
    }) { server, url in
      let client = try WeightClient(url, configuration: FetchTests.quick)
      for _ in 0..<4 { #expect(try await client.manifests().isEmpty) }
      #expect(server.connectionCount == 2)
      #expect(server.requests.count == 4)
    }
  }

  @Test(arguments: [
    ("attachment; filename=\"m-rank-0-of-4.safetensors\"", "m-rank-0-of-4.safetensors"), ("inline; filename=a", "a"),
    ("attachment; x=y; FileName=\"a\"", "a"), ("attachment", nil), ("attachment; filename=\"../a\"", nil),
    ("attachment; filename=\"/a\"", nil), ("attachment; filename=\".a\"", nil), ("attachment; filename=\"-a\"", nil),
    ("attachment; filename=\"\"", nil), ("attachment; filename=\"a b\"", nil), ("", nil), (";;;filename=", nil),
  ])
  func onlyAPlainFileNameIsTaken(field: String, name: String?) {
    #expect(PartitionInfo.fileName(in: field) == name)
  }

  @Test func theInfoOfARefusedPartitionSaysWhy() async throws {
    let body = Array(#"{"code":"failed_precondition","message":"mp=3 cannot split"}"#.utf8)
    try await StubServer.with({ _, _ in StubServer.Reply(status: 400, body: body) }) { server, url in
      let error = await clientError { () async throws(WeightClientError) in
        _ = try await WeightClient(url).info(for: PartitionRequest(rank: 0, mp: 3))
      }
      #expect(error?.code == .failedPrecondition)
      #expect(error?.message == "mp=3 cannot split")
      #expect(server.requests.map(\.method.rawValue) == ["HEAD", "GET"])
    }
  }
}
