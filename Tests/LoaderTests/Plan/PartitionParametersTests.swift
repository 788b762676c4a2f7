import Testing

@testable import Loader

@Suite struct PartitionParametersTests {
  private func parse(_ query: String, requiresRank: Bool = true) throws -> PartitionParameters {
    let pairs = query.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (name: parts[0], value: parts.count > 1 ? parts[1] : "")
    }
    return try PartitionParameters(pairs, requiresRank: requiresRank)
  }

  @Test func whatIsNotGivenHasTheContractsDefault() throws {
    let parameters = try parse("rank=2&mp=4")
    #expect(parameters == PartitionParameters(rank: 2, mp: 4))
    #expect(parameters.canonical == "rank=2&mp=4")
  }

  @Test func everyParameterIsRead() throws {
    let parameters = try parse(
      "mp=4&rank=1&names=hf&dtype=bfloat16&pp=2&pp_rank=1&ep=2&ep_rank=0&embeddings=whole&vocab_multiple=8"
        + "&vocab_size=97&tensors=a.*,b")
    #expect(parameters.names == .huggingFace)
    #expect(parameters.dtype == .bf16)
    #expect(parameters.stage == .init(index: 1, count: 2))
    #expect(parameters.experts == .init(index: 0, count: 2))
    #expect(parameters.embeddings == .whole)
    #expect(parameters.vocabularyMultiple == 8)
    #expect(parameters.vocabularySize == 97)
    #expect(parameters.tensors == ["a.*", "b"])
  }

  @Test(arguments: [
    ("rank=4&mp=4", "rank 4 is out of range for mp=4: ranks are 0...3"), ("rank=0", "mp is required"),
    ("mp=2", "rank is required"), ("rank=0&mp=0", "mp=0"), ("rank=0&mp=65537", "1..."), ("rank=-1&mp=2", "rank=-1"),
    ("rank=0&mp=2.0", "mp=2.0"), ("rank=0&mp=", "mp="), ("rank=+1&mp=2", "rank=+1"), ("rank= 1&mp=2", "rank= 1"),
    ("rank=0&mp=99999999999999999999", "mp="), ("rank=0&rank=0&mp=2", "stands twice"),
    ("rank=0&mp=2&colour=red", "unknown parameter colour"), ("rank=0&mp=2&names=mine", "source, hf"),
    ("rank=0&mp=2&dtype=int3", "bfloat16"), ("rank=0&mp=2&quantize=int5", "int4"),
    ("rank=0&mp=2&groups=4", "needs quantize"),
    ("rank=0&mp=2&pp=2", "pp_rank"), ("rank=0&mp=2&pp_rank=0", "needs pp"),
    ("rank=0&mp=2&pp=2&pp_rank=2", "out of range"),
    ("rank=0&mp=2&ep=2&ep_rank=5", "out of range"), ("rank=0&mp=2&embeddings=half", "whole"),
    ("rank=0&mp=2&vocab_multiple=0", "vocab_multiple=0"), ("rank=0&mp=2&vocab_size=0", "vocab_size=0"),
    ("rank=0&mp=2&tensors=", "empty pattern"), ("rank=0&mp=2&tensors=a,,b", "empty pattern"),
  ])
  func whatCanNeverBeRightIsRefusedByName(_ query: String, _ words: String) {
    let error = #expect(throws: LoaderError.self) { try parse(query) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test func aDryRunNeedsNoRank() throws {
    #expect(try parse("mp=4", requiresRank: false).rank == 0)
  }

  @Test func textsOfOtherPeopleAreEscapedInMessages() {
    let error = #expect(throws: LoaderError.self) { try parse("rank=0&mp=2&a\u{1B}[31m=x") }
    #expect(error?.message.utf8.contains(0x1B) == false)
  }

  @Test func theCanonicalTextLeavesDefaultsOutAndKeepsItsOrder() throws {
    let one = try parse("vocab_size=97&mp=4&embeddings=auto&rank=0&vocab_multiple=1&names=source")
    #expect(one.canonical == "rank=0&mp=4&vocab_size=97")
    #expect(one.canonical == (try parse("rank=0&mp=4&vocab_size=97")).canonical)
  }
}
