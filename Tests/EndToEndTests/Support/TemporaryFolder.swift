import Foundation

/// A folder of a test's own, removed with everything in it.
final class TemporaryFolder {
  let path: String

  init() throws {
    // Short, since the path of a Unix socket has at most 107 bytes.
    let name = "ws-\(UInt64.random(in: 0...UInt64.max))"
    path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Writes a file, making the folders above it, and returns its path.
  @discardableResult func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// Writes a text.
  @discardableResult func write(_ name: String, text: String) throws -> String {
    try write(name, [UInt8](text.utf8))
  }

  /// Copies a file or a folder into this one, and returns the copy's path.
  @discardableResult func copy(_ source: String, as name: String) throws -> String {
    try FileManager.default.copyItem(atPath: source, toPath: "\(path)/\(name)")
    return "\(path)/\(name)"
  }

  /// Names of the files in a folder.
  func names(in folder: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder) }

  /// Names of the files in it.
  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}
