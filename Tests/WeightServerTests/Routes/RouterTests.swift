import HTTPTypes
import Loader
import TestSupport
import Testing
import Transport

@testable import WeightServer

@Suite struct RouterTests {
  @Test func everyRankOfTheSampleHasTheLengthItsPlanSays() async throws {
    let sample = Sample()
    for mp in [1, 2, 4, 8] {
      for rank in 0..<mp {
        let shard = try await sample.get("/shard?rank=\(rank)&mp=\(mp)")
        let plan = try await sample.get("/plan?rank=\(rank)&mp=\(mp)").json()
        #expect(shard.status == 200)
        #expect(plan["bytes"]?.asInteger == shard.body.count)
        #expect(plan["etag"]?.asText == shard.fields[.eTag])
        #expect(shard.body.count % 1 == 0 && (8 + Int(shard.body[0])) > 0)
      }
    }
  }

  @Test func aTensorIsTheSliceOfItsPartition() async throws {
    let sample = Sample()
    let shard = try await sample.get("/shard?rank=1&mp=2")
    let plan = try await sample.get("/plan?rank=1&mp=2").json()
    for tensor in try #require(plan["tensors"]?.asArray) {
      let name = try #require(tensor["name"]?.asText)
      let range = try #require(tensor["range"]?.asArray).compactMap(\.asInteger)
      let alone = try await sample.get("/tensor?name=\(name)&rank=1&mp=2")
      #expect(alone.body == Array(shard.body[range[0]..<range[1]]), "\(name)")
      #expect(alone.fields[.tensorDType] == tensor["dtype"]?.asText)
    }
  }

  @Test func anEntityTagChangesWithWhatIsAskedFor() async throws {
    let sample = Sample()
    var tags: Set<String> = []
    for query in [
      "rank=0&mp=2", "rank=1&mp=2", "rank=0&mp=4", "rank=0&mp=2&tensors=*bias", "rank=0&mp=2&embeddings=whole",
    ] {
      tags.insert(try #require(try await sample.get("/shard?\(query)").fields[.eTag]))
    }
    #expect(tags.count == 5)
    let again = try await sample.get("/shard?mp=2&rank=0").fields[.eTag]
    #expect(tags.contains(try #require(again)))
  }

  @Test(arguments: [
    ("/shard?mp=4", 400, "invalid_argument", "rank is required"),
    ("/shard?rank=0", 400, "invalid_argument", "mp is required"),
    ("/shard?rank=4&mp=4", 400, "invalid_argument", "ranks are 0...3"),
    ("/shard?rank=0&mp=0", 400, "invalid_argument", "in 1...1024"),
    ("/shard?rank=-1&mp=4", 400, "invalid_argument", "rank=-1"),
    ("/shard?rank=0&mp=99999999999999999999", 400, "invalid_argument", "mp="),
    ("/shard?rank=0&rank=0&mp=4", 400, "invalid_argument", "twice"),
    ("/shard?rank=0&mp=4&color=red", 400, "invalid_argument", "unknown parameter color"),
    ("/shard?rank=0&mp=3", 400, "failed_precondition", "mp 1, 2, 4, 8"),
    ("/shard?rank=0&mp=4&revision=0", 400, "failed_precondition", "is not served"),
    ("/shard?rank=0&mp=4&model=other", 404, "not_found", "no model other"),
    ("/shard?rank=0&mp=4&pp=2", 400, "invalid_argument", "pp_rank"),
    ("/shard?rank=0&mp=4&ep=2&ep_rank=0", 400, "failed_precondition", "mixture of experts"),
    ("/shard?rank=0&mp=4&tensors=%5Bx", 400, "invalid_argument", "bracket"),
    ("/shard?rank=0&mp=4&groups=4", 400, "invalid_argument", "needs quantize"),
    ("/tensor?name=nothing&rank=0&mp=4", 404, "not_found", "no tensor"),
    ("/tensor?rank=0&mp=4", 400, "invalid_argument", "name is required"),
    ("/manifests/nothing", 404, "not_found", "no model"),
    ("/healthz?x=1", 400, "invalid_argument", "has none"),
    ("/nothing", 404, "not_found", "no such path"),
    ("/shard/extra?rank=0&mp=4", 404, "not_found", "no such path"),
  ])
  func everyErrorHasItsCodeAndSaysWhatWouldBeRight(
    target: String, status: Int, code: String, text: String
  ) async throws {
    let answer = try await Sample().get(target)
    #expect(answer.status == status)
    let body = try answer.json()
    #expect(body["code"]?.asText == code)
    #expect(body["message"]?.asText?.contains(text) == true, "\(body["message"]?.asText ?? "")")
  }

  @Test func severalModelsMustBeNamed() async throws {
    let sample = Sample([.init(path: Sample.manifest, name: "one"), .init(path: Sample.manifest, name: "two")])
    let answer = try await sample.get("/shard?rank=0&mp=1")
    #expect(answer.status == 400)
    #expect(try answer.json()["message"]?.asText?.contains("one, two") == true)
    #expect(try await sample.get("/shard?rank=0&mp=1&model=two").status == 200)
  }

  @Test func aPinnedRevisionMayBeKeptForever() async throws {
    let sample = Sample()
    let loose = try await sample.get("/shard?rank=0&mp=1")
    #expect(loose.fields[.cacheControl] == "no-cache")
    let revision = try #require(loose.fields[.manifestRevision])
    let pinned = try await sample.get("/shard?rank=0&mp=1&revision=\(revision)")
    #expect(pinned.fields[.cacheControl] == "public, max-age=31536000, immutable")
    #expect(pinned.body == loose.body)
  }

  @Test func onlyGetAndHeadAreThere() async throws {
    let answer = try await Sample().get("/shard?rank=0&mp=1", method: .post)
    #expect(answer.status == 405)
    #expect(answer.fields[.allow] == "GET, HEAD")
  }

  @Test func theDryRunCountsEveryRank() async throws {
    let json = try await Sample().get("/plan?mp=4").json()
    #expect(json["possible"]?.asBoolean == true)
    #expect(json["tensor_bytes"]?.asArray?.count == 4)
    let impossible = try await Sample().get("/plan?mp=3").json()
    #expect(impossible["possible"]?.asBoolean == false)
    #expect(impossible["why"]?.asText?.contains("mp=3 cannot split") == true)
    #expect(impossible["mp_degrees"]?.asArray?.compactMap(\.asInteger) == [1, 2, 4, 8])
  }
}
