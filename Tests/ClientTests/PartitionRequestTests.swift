import HTTPTypes
import Testing
import Transport

@testable import WeightServerClient

@Suite struct PartitionRequestTests {
  @Test func theQueryKeepsTheOrder() {
    let request = PartitionRequest(
      rank: 2, mp: 4, model: "llama", revision: "abc",
      parameters: ["quantize": "int8", "dtype": "float16", "groups": "4"])
    #expect(
      request.query == "rank=2&mp=4&model=llama&revision=abc&quantize=int8&dtype=float16&groups=4")
    #expect(request.target("/shard") == "/shard?" + request.query)
  }

  @Test(arguments: ["", "a b", "a&b=c", "100%", "a+b", "ä€😀", "h.*,lm_head*", "#?/:"])
  func whatIsEncodedIsReadBack(value: String) throws {
    let request = PartitionRequest(rank: 0, mp: 1, model: value, parameters: ["tensors": value, value + "x": "1"])
    let items = try RequestTarget(request.target("/shard").utf8, method: .get).queryItems()
    #expect(items.items.map(\.name) == ["rank", "mp", "model", "tensors", value + "x"])
    #expect(items.items.map(\.value) == ["0", "1", value, value, "1"])
  }

  @Test func anotherRankChangesNothingElse() {
    let request = PartitionRequest(rank: 0, mp: 4, model: "m", parameters: ["pp": "2"])
    #expect(request.forRank(3) == PartitionRequest(rank: 3, mp: 4, model: "m", parameters: ["pp": "2"]))
  }

  @Test(arguments: [
    ("rank-{rank}-of-{mp}.safetensors", "rank-1-of-4.safetensors"), ("{model}/{rank}", "m/1"), ("x", "x"),
    ("{other}{{rank}}", "{other}{1}"), ("{", "{"), ("", ""),
  ])
  func aTemplateReplacesItsPlaceholders(template: String, path: String) {
    #expect(FileTemplate(template).path(rank: 1, mp: 4, model: "m") == path)
  }
}
