import Loader
import Platform
import Testing

@testable import WeightServer

@Suite struct HubRevisionTests {
  @Test(arguments: [
    ("main", "rank=0&mp=1&names=hf", 1), ("main-bfloat16", "rank=0&mp=1&names=hf&dtype=BF16", 1),
    ("mp4", "rank=0&mp=4&names=hf", 4), ("mp4-bfloat16", "rank=0&mp=4&names=hf&dtype=BF16", 4),
    ("mp2-float16-tensors=*bias", "rank=0&mp=2&names=hf&dtype=F16&tensors=*bias", 2),
    ("mp2-pp=2-pp_rank=1", "rank=0&mp=2&names=hf&pp=2&pp_rank=1", 2), ("mp1-native", "rank=0&mp=1&names=hf", 1),
  ])
  func parametersFollowTheBranch(text: String, canonical: String, files: Int) throws {
    let revision = try HubRevision(text)
    #expect(revision.parameters.canonical == canonical)
    #expect(revision.weights.count == files)
  }

  @Test func quantizationIsAWordToo() throws {
    let parameters = try HubRevision("mp2-int4-group_size=32").parameters
    #expect(parameters.quantization == .int4)
    #expect(parameters.groupSize == 32)
  }

  @Test(arguments: [
    "", "-", "master", "mp", "mp0", "mp-1", "mp2048", "mpx", "main-", "mp4-", "mp4-bf16", "mp4-rank=1", "mp4-mp=2",
    "mp4-names=source", "mp4-model=x", "mp4-int8-int4", "mp4-=", "MAIN", " main",
    "mp4-" + String(repeating: "x", count: 300),
  ])
  func whatIsNoBranchIsRefused(text: String) {
    #expect(throws: LoaderError.self) { try HubRevision(text) }
  }

  @Test func aFileOfWeightsIsTheRankInItsName() throws {
    let whole = try HubRevision("main")
    #expect(whole.partition("model.safetensors")?.rank == 0)
    #expect(whole.partition("rank-0-of-1.safetensors") == nil)
    let four = try HubRevision("mp4")
    #expect(four.weights == (0..<4).map { "rank-\($0)-of-4.safetensors" })
    for rank in 0..<4 { #expect(four.partition("rank-\(rank)-of-4.safetensors")?.rank == rank) }
    for name in ["model.safetensors", "rank-4-of-4.safetensors", "rank-0-of-2.safetensors", "rank-00-of-4.safetensors"]
    {
      #expect(four.partition(name) == nil, "\(name)")
    }
  }

  @Test func aCommitIdIsTheHeadOfTheDigestOfRevisionAndBranch() throws {
    let manifest = String(repeating: "a", count: 40)
    let digest = SHA256.digest(of: Array((manifest + "mp4-bfloat16").utf8)).hexadecimal
    let commit = try HubRevision("mp4-bfloat16").commit(of: manifest)
    #expect(commit == String(digest.prefix(40)))
    #expect(HubRevision.isCommit(commit))
    #expect(!HubRevision.isCommit("main"))
    #expect(!HubRevision.isCommit(commit.uppercased()))
  }

  @Test func everyLikelyBranchIsReadAsItIsWritten() {
    let likely = HubRevision.likely(degrees: [1, 2])
    #expect(likely.count == 3 * 7 * 3)
    #expect(Set(likely.map(\.text)).count == likely.count)
    #expect(Set(likely.map(\.text)).isSuperset(of: ["main", "mp2", "mp1-float8_e5m2-int4", "main-bfloat16"]))
  }
}
