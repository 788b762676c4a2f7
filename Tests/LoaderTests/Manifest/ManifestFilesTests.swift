import Platform
import TestSupport
import Testing

@testable import Loader

/// The ways in which a manifest names its files all mean the same files.
@Suite struct ManifestFilesTests {
  private static let source = "\(Fixtures.folder)/conformance/megatron_v1_mp4_fp32/checkpoint"

  /// A folder with the four ranks' files below `ranks`.
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for rank in 0..<4 {
      let name = "mp_rank_0\(rank)_model_states.pt"
      try folder.write("ranks/\(name)", Fixtures.read("\(ManifestFilesTests.source)/\(name)"))
    }
    try folder.write("ranks/.hidden", "passed over")
    return folder
  }

  private func manifest(_ checkpoints: String, _ others: String = "") -> String {
    #"{"type": "Megatron", "version": 1.0, "mp_size": 4, "checkpoints": \#(checkpoints)\#(others)}"#
  }

  private func bytes(_ path: String, root: String? = nil) throws -> [UInt8] {
    var options = LoadOptions()
    options.name = "same"
    if let root { try options.roots.add(folder: root) }
    let checkpoint = try CheckpointLoader.load(path, options: options)
    let plan = try Planner(checkpoint, PartitionParameters(rank: 1, mp: 2)).plan()
    let body = try PartitionBody(plan, sources: SourceSet(checkpoint.files)).bytes()
    // Revisions differ with the manifest's words, so what is compared is what follows the header.
    return Array(body[(body.count - plan.tensors.reduce(0) { $0 + $1.range.count })...])
  }

  private static let list = (0..<4).map { #""ranks/mp_rank_0\#($0)_model_states.pt""# }.joined(separator: ", ")

  @Test(arguments: [
    #""ranks""#, #""ranks/*.pt""#, #""ranks/mp_rank_0?_model_states.pt""#,
  ])
  func aFolderOrAGlobNamesTheSameFilesAsAList(_ checkpoints: String) throws {
    let folder = try folder()
    try folder.write("list.json", manifest("[\(ManifestFilesTests.list)]"))
    try folder.write("other.json", manifest(checkpoints))
    #expect(try bytes(folder.file("list.json")) == bytes(folder.file("other.json")))
  }

  @Test func aBaseFolderIsRelativeOrBeneathARoot() throws {
    let folder = try folder()
    let names = (0..<4).map { #""mp_rank_0\#($0)_model_states.pt""# }.joined(separator: ", ")
    try folder.write("list.json", manifest("[\(ManifestFilesTests.list)]"))
    try folder.write("relative.json", manifest("[\(names)]", #", "base_dir": "ranks""#))
    try folder.write("glob.json", manifest(#""*.pt""#, #", "base_dir": "ranks""#))
    try folder.write("apart/absolute.json", manifest("[\(names)]", #", "base_dir": "\#(folder.file("ranks"))""#))
    let expected = try bytes(folder.file("list.json"))
    #expect(try bytes(folder.file("relative.json")) == expected)
    #expect(try bytes(folder.file("glob.json")) == expected)
    #expect(try bytes(folder.file("apart/absolute.json"), root: folder.file("ranks")) == expected)
    let error = #expect(throws: LoaderError.self) { try bytes(folder.file("apart/absolute.json")) }
    #expect(error?.message.contains("--root") == true)
  }

  @Test(arguments: [
    (#""nowhere""#, LoaderError.Code.missingFile), (#""ranks/*.bin""#, .missingFile), (#""../*""#, .invalidCheckpoint),
    (#""ranks/../../*.pt""#, .invalidCheckpoint), (#""""#, .invalidCheckpoint),
    (#"{"tp": ["ranks/mp_rank_00_model_states.pt"], "non_tp": []}"#, .invalidCheckpoint),
  ])
  func whatNamesNoFilesIsRefused(_ checkpoints: String, _ code: LoaderError.Code) throws {
    let folder = try folder()
    try folder.write("manifest.json", manifest(checkpoints))
    let error = #expect(throws: LoaderError.self) { try CheckpointLoader.load(folder.file("manifest.json")) }
    #expect(error?.code == code, "\(error?.description ?? "")")
  }

  @Test func numbersInNamesAreOrderedByValue() {
    #expect(["r10", "r2", "r1", "a"].sorted(by: NaturalOrder.precedes) == ["a", "r1", "r2", "r10"])
  }
}
