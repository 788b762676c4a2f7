import Foundation
import Glibc

/// A folder of a test's own, removed with everything in it.
public final class TemporaryFolder {
  /// Its path, links resolved.
  public let path: String

  /// Makes the folder.
  public init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("weight-server-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.resolvingSymlinksInPath().path
  }

  /// Writes a file and gives its name; folders of the name are made.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return name
  }

  /// Writes a text.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  /// Makes a symbolic link.
  public func link(_ name: String, to target: String) throws {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
  }

  /// The path of a name in it.
  public func file(_ name: String) -> String { path + "/" + name }

  /// Removes a file.
  public func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension TemporaryFolder {
  /// Gives a name another file, which is written aside first: whoever has the old one open keeps it as it was.
  public func replace(_ name: String, _ bytes: [UInt8]) throws {
    try write(name + ".new", bytes)
    // FileManager has no call that renames over a file on every system.
    // SAFETY: Swift passes terminated copies of the paths for the call's length.
    guard unsafe rename(file(name + ".new"), file(name)) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Writes over the file that has a name, in place, and cuts it.
  public func overwrite(_ name: String, _ bytes: [UInt8]) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file(name)))
    try handle.write(contentsOf: Data(bytes))
    try handle.truncate(atOffset: UInt64(bytes.count))
    try handle.close()
  }
}
