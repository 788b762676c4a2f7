import Foundation

/// A certificate authority of the tests' own, made by `deploy/make-test-ca`, and certificates that it signs.
public final class TestAuthority: Sendable {
  /// What openssl said where it failed.
  public struct Failure: Error, CustomStringConvertible {
    /// What it said.
    public let description: String
  }

  /// The folder that all of its files are in.
  public let folder: String

  /// One that is made once, with a server `server` for this machine and a client `client`.
  public static let shared = Result { try TestAuthority() }

  /// Another, which nobody trusts who trusts the first.
  public init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/weight-server-ca-\(UUID().uuidString)"
    try make([])
    let path = folder
    TestAuthority.folders.withLock { $0.append(path) }
    TestAuthority.removesAtEnd
  }

  /// Makes a certificate and its key, or others in their place.
  /// - Parameters:
  ///   - days: how long it holds; a negative number for one that has ended.
  ///   - key: `ec` or `rsa`.
  public func make(_ arguments: [String], days: Int = 30, key: String = "ec") throws {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: TestAuthority.script)
    process.arguments = [folder] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["DAYS": "\(days)", "KEY": key]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "make-test-ca: \(text)") }
  }

  /// The text of one of its files.
  public func text(_ name: String) throws -> String {
    try String(contentsOfFile: file(name), encoding: .utf8)
  }

  /// Puts one of its files in another's place, at once.
  public func replace(_ name: String, with other: String) throws {
    try text(other).write(toFile: file(name), atomically: true, encoding: .utf8)
  }

  /// The path of one of its files: `ca.pem`, `server.pem`, `server.key`.
  public func file(_ name: String) -> String { folder + "/" + name }

  private static let script =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../deploy/make-test-ca")
    .standardizedFileURL.path

  private static let folders = LockedPaths()

  /// Folders that are removed when the process ends.
  private static let removesAtEnd: Void = {
    atexit { TestAuthority.folders.withLock { for path in $0 { try? FileManager.default.removeItem(atPath: path) } } }
  }()
}

/// Paths behind a lock.
private final class LockedPaths: @unchecked Sendable {
  private let lock = NSLock()
  private var paths: [String] = []

  func withLock<Result>(_ body: (inout [String]) -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body(&paths)
  }
}
