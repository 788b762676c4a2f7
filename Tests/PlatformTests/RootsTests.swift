import Glibc
import Platform
import TestSupport
import Testing

@Suite struct RootsTests {
  @Test func aFileBeneathARootIsOpened() throws {
    let folder = try TemporaryFolder()
    try folder.write("a/b", "hello")
    let file = try Roots().adding(folder: folder.path).open(folder.file("a/b"))
    #expect(file.size == 5)
    #expect(try file.bytes(at: 1, count: 3) == Array("ell".utf8))
    #expect(file.isUnchanged())
  }

  @Test func aPathThatOnlyBeginsLikeARootIsOutside() throws {
    let folder = try TemporaryFolder()
    try folder.write("root/x", "")
    try folder.write("root-other/y", "")
    let roots = try Roots().adding(folder: folder.file("root"))
    #expect(throws: Never.self) { try roots.open(folder.file("root/x")) }
    for path in [folder.file("root-other/y"), folder.file("root/../root-other/y"), "/etc/hostname"] {
      let refusal = try #require(throws: Roots.Refusal.self) { try roots.open(path) }
      guard case .outside = refusal else {
        Issue.record("\(path): \(refusal)")
        continue
      }
    }
  }

  @Test func linksAreJudgedByWhereTheyLead() throws {
    let folder = try TemporaryFolder()
    try folder.write("in/real", "x")
    try folder.write("out", "y")
    try folder.link("in/inner", to: "real")
    try folder.link("in/outer", to: "../out")
    try folder.link("in/loop", to: "loop")
    let roots = try Roots().adding(folder: folder.file("in"))
    #expect(throws: Never.self) { try roots.open(folder.file("in/inner")) }
    #expect(throws: Roots.Refusal.self) { try roots.open(folder.file("in/outer")) }
    #expect(throws: Roots.Refusal.self) { try roots.open(folder.file("in/loop")) }
  }

  @Test func onlyRegularFilesAreRead() throws {
    let folder = try TemporaryFolder()
    try folder.write("d/x", "")
    // SAFETY: Swift passes a terminated copy of the path for the call's length.
    let made = unsafe mkfifo(folder.file("fifo"), 0o600)
    #expect(made == 0)
    let roots = try Roots().adding(folder: folder.path)
    #expect(throws: Roots.Refusal.notRegular(path: folder.file("d"))) { try roots.open(folder.file("d")) }
    #expect(throws: Roots.Refusal.notRegular(path: folder.file("fifo"))) { try roots.open(folder.file("fifo")) }
    #expect(throws: Roots.Refusal.unusable(path: "a\0b")) { try roots.open("a\0b") }
  }
}
