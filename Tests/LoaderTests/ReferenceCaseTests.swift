import Loader
import Platform
import Testing

/// Checkpoints that a naive reference made at random, with the partitions it expects: the whole loader over each.
///
/// The environment variable `WEIGHT_SERVER_REFERENCE_CASES` names their folder, which has a folder for each case as
/// `Fixtures/conformance` has. Where it is not set, nothing is run.
@Suite struct ReferenceCaseTests {
  private static let folder: String? = Environment.value(of: "WEIGHT_SERVER_REFERENCE_CASES")

  private static let cases = folder.flatMap { try? Folder.names(in: $0) } ?? []

  @Test(.enabled(if: folder != nil, "WEIGHT_SERVER_REFERENCE_CASES names no folder"))
  func everyRandomCheckpointEqualsTheReference() throws {
    let folder = try #require(ReferenceCaseTests.folder)
    #expect(!ReferenceCaseTests.cases.isEmpty)
    for name in ReferenceCaseTests.cases.sorted() {
      #expect(throws: Never.self, "\(name)") { try ConformanceCase(folder: "\(folder)/\(name)").check() }
    }
  }
}
