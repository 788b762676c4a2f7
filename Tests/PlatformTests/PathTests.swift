import Platform
import Testing

@Suite struct PathTests {
  @Test(arguments: [
    ("a/b/c", "a/b", "c", "c"), ("c", ".", "c", "c"), ("/c.tar.gz", "/", "c.tar.gz", "c.tar"), ("a/", ".", "a", "a"),
    ("/", "/", "/", "/"), (".x", ".", ".x", ".x"),
  ])
  func aPathHasAFolderANameAndAStem(path: String, folder: String, name: String, stem: String) {
    #expect(Path.folder(of: path) == folder)
    #expect(Path.name(of: path) == name)
    #expect(Path.stem(of: path) == stem)
  }

  @Test(arguments: [
    ("a", true), ("a/b.c", true), ("", false), ("/a", false), ("../a", false), ("a/../b", false), ("a//b", false),
    ("a\\b", false), ("a\0", false), ("..a/b..", true),
  ])
  func aPathIsInsideWhereNothingCanLeadOut(path: String, isInside: Bool) {
    #expect(Path.isInside(path) == isInside)
  }

  @Test func joiningKeepsAbsoluteNames() {
    #expect(Path.join("a", "b") == "a/b")
    #expect(Path.join("a/", "b") == "a/b")
    #expect(Path.join("a", "/b") == "/b")
    #expect(Path.join(".", "b") == "b")
  }
}
