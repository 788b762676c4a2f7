import Glibc
import Platform

/// The fixtures of the tests.
enum Fixtures {
  /// Their folder.
  static let folder = (0..<3).reduce(#filePath) { path, _ in Path.folder(of: path) } + "/../Fixtures"

  /// Copies the data files of a fixture to another folder.
  static func copy(_ folder: String, into other: String) throws {
    let resolved = try Roots.resolve(folder)
    for name in try Folder.names(in: resolved) where !name.hasPrefix(".") {
      let file = try Roots().adding(folder: resolved).open(Path.join(resolved, name))
      let bytes = try file.bytes(at: 0, count: Int(file.size))
      _ = try ScratchFile(name: name, folder: other).table(bytes)
    }
  }
}
