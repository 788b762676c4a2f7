import Foundation
import Platform

/// Where the tests find what the repository holds and what was built from it.
enum Repository {
  /// The repository's folder.
  static let folder = (1...4).reduce(#filePath) { path, _ in Path.folder(of: path) }

  /// The manifest of the sample checkpoint.
  static let sample = "\(folder)/Sample/gpt2-tiny/manifest.json"

  /// The built `weight-server`: `BINARY_UNDER_TEST`, else the one that stands beside this test bundle.
  static let binary: String = {
    if let given = ProcessInfo.processInfo.environment["BINARY_UNDER_TEST"] { return given }
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("weight-server").path
  }()

  /// A conformance case's folder.
  static func fixture(_ name: String) -> String { "\(folder)/Tests/Fixtures/conformance/\(name)" }

  /// A file's bytes.
  static func read(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }
}
