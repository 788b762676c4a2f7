import Platform
import TestSupport
import Testing

@testable import Loader

@Suite struct FileIdentityTests {
  private func table(_ folder: TemporaryFolder) throws -> FileTable {
    var files = FileTable(folder: folder.path, roots: try Roots().adding(folder: folder.path))
    _ = try files.open("a")
    return files
  }

  @Test func contentIsTheSameWhereverAndWheneverItWasWritten() throws {
    let one = try TemporaryFolder()
    let other = try TemporaryFolder()
    try one.write("a", "hello")
    try other.write("a", "hello")
    let first = try FileIdentity.identities(of: try table(one).entries, by: .content, stated: [:])
    let second = try FileIdentity.identities(of: try table(other).entries, by: .content, stated: [:])
    #expect(first == second)
    #expect(first == ["sha256 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"])
  }

  @Test func aDigestThatIsStatedIsTaken() throws {
    let folder = try TemporaryFolder()
    try folder.write("a", "hello")
    let stated = String(repeating: "ab", count: 32)
    let identities = try FileIdentity.identities(of: try table(folder).entries, by: .content, stated: ["a": stated])
    #expect(identities == ["sha256 \(stated)"])
    #expect(throws: LoaderError.self) {
      try FileIdentity.identities(of: try table(folder).entries, by: .content, stated: ["b": stated])
    }
  }

  @Test func metadataIsPartOfTheFastIdentity() throws {
    let folder = try TemporaryFolder()
    try folder.write("a", "hello")
    var files = try table(folder)
    let before = try FileIdentity.identities(of: files.entries, by: .fast, stated: [:])
    files.identify(0, by: [1])
    #expect(try FileIdentity.identities(of: files.entries, by: .fast, stated: [:]) != before)
  }
}
