import HTTPTypes
import Loader
import Platform
import RPCMessages
import SwiftProtobuf
import Testing
import Transport

@testable import WeightServer

@Suite struct RPCRoutesTests {
  private static let service = "/weightserver.v1.WeightService"

  /// A call in JSON by POST.
  private func call(_ method: String, _ json: String, on sample: Sample = Sample()) async throws -> Answer {
    try await sample.get(
      "\(RPCRoutesTests.service)/\(method)", method: .post, fields: [.contentType: "application/json"],
      body: Array(json.utf8))
  }

  // MARK: Both faces

  @Test func theListIsTheHTTPInterfaces() async throws {
    let sample = Sample()
    let http = try #require(try await sample.get("/manifests").json().asArray?.first)
    let rpc = try #require(try await call("ListManifests", "{}", on: sample).json()["manifests"]?.asArray?.first)
    for (http, rpc) in [
      (http["name"], rpc["name"]), (http["state"], rpc["state"]), (http["revision"], rpc["revision"]),
      (http["source_mp"], rpc["sourceMp"]), (http["mp_degrees"], rpc["mpDegrees"]), (http["version"], rpc["version"]),
    ] {
      #expect(http != nil)
      #expect(http == rpc)
    }
    // Numbers of 64 bits are texts in protobuf's JSON.
    #expect(rpc["bytes"]?.asText == (http["bytes"]?.asInteger).map(String.init))
  }

  @Test func aManifestHasItsTensorsInBothFormats() async throws {
    let sample = Sample()
    let http = try await sample.get("/manifests/gpt2-tiny").json()
    var request = Weightserver_V1_GetManifestRequest()
    request.name = "gpt2-tiny"
    let answer = try await sample.get(
      "\(RPCRoutesTests.service)/GetManifest", method: .post, fields: [.contentType: "application/proto"],
      body: try request.serializedBytes())
    #expect(answer.status == 200)
    #expect(answer.fields[.contentType] == "application/proto")
    let manifest = try Weightserver_V1_GetManifestResponse(serializedBytes: answer.body).manifest
    #expect(manifest.tensors.map(\.name) == http["tensors"]?.asArray?.compactMap { $0["name"]?.asText })
    #expect(
      manifest.tensors.map { $0.shape.map(Int.init) }
        == http["tensors"]?.asArray?.map { $0["shape"]?.asArray?.compactMap(\.asInteger) ?? [] })
    #expect(manifest.files.count == 2)
    #expect(manifest.reasons == http["reasons"]?.asArray?.compactMap(\.asText))
  }

  @Test(arguments: ["", "&quantize=int8&groups=16", "&names=hf&dtype=float32", "&tensors=*bias,*embeddings.weight"])
  func aPlanIsTheHTTPInterfaces(query: String) async throws {
    let sample = Sample()
    let http = try await sample.get("/plan?rank=1&mp=2\(query)")
    var request = Weightserver_V1_PlanPartitionRequest()
    request.rank = 1
    request.mp = 2
    if query.contains("int8") { (request.quantize, request.groups) = ("int8", 16) }
    if query.contains("hf") { (request.names, request.dtype) = ("hf", "float32") }
    if query.contains("tensors") { request.tensors = ["*bias", "*embeddings.weight"] }
    let answer = try await sample.get(
      "\(RPCRoutesTests.service)/PlanPartition", method: .post, fields: [.contentType: "application/proto"],
      body: try request.serializedBytes())
    let plan = try Weightserver_V1_PlanPartitionResponse(serializedBytes: answer.body).partition
    // Read strictly: a member that a message lacks would be lost to callers.
    let whole = Array("{\"partition\":".utf8) + http.body + Array("}".utf8)
    #expect(try Weightserver_V1_PlanPartitionResponse(jsonUTF8Bytes: whole).partition == plan)
    #expect(plan.tensors.contains { !$0.sources.isEmpty })
    // The second of two ranks holds the second half of a column, or the like.
    let dealt = plan.tensors.filter(\.hasAxis)
    #expect(!dealt.isEmpty)
    for tensor in dealt {
      let counts = tensor.held.map { ($0.values.last?.numberValue ?? 0) - ($0.values.first?.numberValue ?? 0) }
      #expect(Int64(counts.reduce(0, +)) + tensor.zeros < tensor.wholeShape[Int(tensor.axis)])
    }
  }

  @Test func noMemberOfAnAnswerIsLost() async throws {
    let sample = Sample()
    let transfer = sample.monitor.transfers.begin(
      .init(id: "1", remote: "test", model: "gpt2-tiny", rank: 0, mp: 2, parameters: "rank=0&mp=2", bytes: 1))
    defer { sample.monitor.transfers.end(transfer) }
    for (target, member) in [("/manifests/gpt2-tiny", "manifest"), ("/manifests", "manifests"), ("/stats", "stats")] {
      let json = Array("{\"\(member)\":".utf8) + (try await sample.get(target).body) + Array("}".utf8)
      switch member {
      case "manifest": _ = try Weightserver_V1_GetManifestResponse(jsonUTF8Bytes: json)
      case "manifests": _ = try Weightserver_V1_ListManifestsResponse(jsonUTF8Bytes: json)
      default:
        let stats = try Weightserver_V1_GetStatsResponse(jsonUTF8Bytes: json).stats
        #expect(stats.transfers.count == 1 && stats.workers.keys.elementsEqual(["loading"]))
        #expect(stats.hasSharedMemory && stats.hasTls && stats.hasConnections && stats.hasProcess)
        #expect(stats.limitsReached.count == Limit.allCases.count)
      }
    }
    let failed = try await Sample([.init(path: "/nowhere", name: "failed")]).get("/manifests").body
    let list = Array("{\"manifests\":".utf8) + failed + Array("}".utf8)
    let manifests = try Weightserver_V1_ListManifestsResponse(jsonUTF8Bytes: list).manifests
    #expect(manifests.map(\.error.code) == ["not_found"])
    let dry = Array("{\"degree\":".utf8) + (try await sample.get("/plan?mp=3").body) + Array("}".utf8)
    #expect(try Weightserver_V1_PlanPartitionResponse(jsonUTF8Bytes: dry).degree.mpDegrees == [1, 2, 4, 8])
  }

  @Test func aDryRunSaysWhatIsPossible() async throws {
    let degree = try await call("PlanPartition", #"{"mp":4}"#).json()["degree"]
    #expect(degree?["possible"]?.asBoolean == true)
    #expect(degree?["tensorBytes"]?.asArray?.count == 4)
  }

  // MARK: GET

  @Test(arguments: [
    "message=%7B%22name%22%3A%22gpt2-tiny%22%7D", "base64=1&message=eyJuYW1lIjoiZ3B0Mi10aW55In0&connect=v1",
  ])
  func aCallThatOnlyReadsMayBeAGet(query: String) async throws {
    let sample = Sample()
    let answer = try await sample.get("\(RPCRoutesTests.service)/GetManifest?encoding=json&\(query)")
    #expect(answer.status == 200)
    #expect(answer.body == (try await call("GetManifest", #"{"name":"gpt2-tiny"}"#, on: sample)).body)
  }

  @Test func aCallThatChangesSomethingMayNot() async throws {
    for method in ["PutManifest", "DeleteManifest", "ReloadManifest"] {
      let answer = try await Sample().get("\(RPCRoutesTests.service)/\(method)?encoding=json&message=%7B%7D")
      #expect(answer.status == 405)
      #expect(answer.fields[.allow] == "POST")
    }
  }

  // MARK: What is malformed

  @Test(arguments: [
    ("ListManifests", "application/json", "", "", 400, "invalid_argument", "ListManifestsRequest"),
    ("ListManifests", "application/json", "", "[]", 400, "invalid_argument", "ListManifestsRequest"),
    ("ListManifests", "application/json", "", #"{"color":"red"}"#, 400, "invalid_argument", "ListManifestsRequest"),
    ("ListManifests", "application/proto", "", "\u{FF}\u{FF}", 400, "invalid_argument", "application/proto"),
    ("ListManifests", "text/plain", "", "{}", 415, "unimplemented", "application/json or application/proto"),
    ("ListManifests", "application/json", "br", "{}", 501, "unimplemented", "gzip and identity"),
    ("ListManifests", "application/json", "gzip", "{}", 400, "invalid_argument", "not gzip"),
    ("GetManifest", "application/json", "", "{}", 400, "invalid_argument", "name is required"),
    ("GetManifest", "application/json", "", #"{"name":"other"}"#, 404, "not_found", "no model other"),
    ("PlanPartition", "application/json", "", #"{"rank":0}"#, 400, "invalid_argument", "mp is required"),
    ("PlanPartition", "application/json", "", #"{"mp":4,"rank":4}"#, 400, "invalid_argument", "ranks are 0...3"),
    ("PlanPartition", "application/json", "", #"{"mp":3,"rank":0}"#, 400, "failed_precondition", "mp 1, 2, 4, 8"),
    // Who may not is told nothing else.
    ("PutManifest", "application/json", "", #"{"name":"x"}"#, 403, "permission_denied", "the scope admin"),
    ("Nothing", "application/json", "", "{}", 404, "unimplemented", "no call Nothing"),
  ])
  func errorsHaveTheirCodes(
    method: String, type: String, encoding: String, body: String, status: Int, code: String, text: String
  ) async throws {
    var fields: HTTPFields = [.contentType: type]
    if !encoding.isEmpty { fields[.contentEncoding] = encoding }
    let answer = try await Sample().get(
      "\(RPCRoutesTests.service)/\(method)", method: .post, fields: fields, body: Array(body.utf8))
    #expect(answer.status == status)
    #expect(answer.fields[.contentType] == "application/json")
    let json = try answer.json()
    #expect(json["code"]?.asText == code)
    #expect(json["message"]?.asText?.contains(text) == true, "\(json["message"]?.asText ?? "")")
  }

  @Test(arguments: [
    (#"{"name":"x"}"#, "one of path and manifest is required"), (#"{"path":"/etc"}"#, "name is required"),
  ])
  func whoMayChangeThingsIsToldWhatIsMissing(body: String, text: String) async throws {
    var sample = Sample()
    sample.user = 0
    let answer = try await call("PutManifest", body, on: sample)
    #expect(answer.status == 400)
    #expect(try answer.json()["code"]?.asText == "invalid_argument")
    #expect(try answer.json()["message"]?.asText?.contains(text) == true)
  }

  @Test(arguments: [
    "message=%7B%7D", "encoding=xml&message=%7B%7D", "encoding=json", "encoding=json&message=%7B%7D&base64=1",
    "encoding=json&message=%7B%7D&connect=v2", "encoding=json&message=%7B%7D&color=red",
    "encoding=json&message=%7B%7D&message=%7B%7D", "encoding=json&encoding=json&message=%7B%7D",
  ])
  func aMalformedGetIsRefused(query: String) async throws {
    let answer = try await Sample().get("\(RPCRoutesTests.service)/ListManifests?\(query)")
    #expect(answer.status == 400)
    #expect(try answer.json()["code"]?.asText == "invalid_argument")
  }

  @Test func anotherVersionOfTheProtocolIsRefused() async throws {
    let name = try #require(HTTPField.Name("Connect-Protocol-Version"))
    for (version, status) in [("1", 200), ("2", 400)] {
      let answer = try await Sample().get(
        "\(RPCRoutesTests.service)/ListManifests", method: .post,
        fields: [.contentType: "application/json; charset=utf-8", name: version], body: Array("{}".utf8))
      #expect(answer.status == status)
    }
  }

  // MARK: Details

  @Test func anErrorSaysWhichDegreesArePossible() async throws {
    let json = try await call("PlanPartition", #"{"mp":3,"rank":0}"#).json()
    let detail = try #require(json["details"]?.asArray?.first)
    #expect(json["details"]?.asArray?.count == 1)
    #expect(detail["type"]?.asText == "weightserver.v1.ErrorDetail")
    let bytes = try #require(detail["value"]?.asText.flatMap { Base64.decode($0.utf8) })
    #expect(try Weightserver_V1_ErrorDetail(serializedBytes: bytes).mpDegrees == [1, 2, 4, 8])
  }

  // MARK: Health

  @Test func healthIsReadiness() async throws {
    for (sources, status) in [([Configuration.Source(path: Sample.manifest)], "SERVING"), ([], "NOT_SERVING")] {
      for service in ["", "weightserver.v1.WeightService"] {
        let answer = try await Sample(sources).get(
          "/grpc.health.v1.Health/Check", method: .post, fields: [.contentType: "application/json"],
          body: Array("{\"service\":\"\(service)\"}".utf8))
        #expect(answer.status == 200)
        #expect(try answer.json()["status"]?.asText == status)
      }
    }
    let unknown = try await Sample().get(
      "/grpc.health.v1.Health/Check", method: .post, fields: [.contentType: "application/json"],
      body: Array(#"{"service":"other"}"#.utf8))
    #expect(unknown.status == 404)
    #expect(try unknown.json()["code"]?.asText == "not_found")
  }
}
