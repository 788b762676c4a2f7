import Glibc
import Loader
import Platform
import Testing
import Transport

@testable import WeightServerClient

/// A folder of one test's own, removed with all that is in it when the test lets it go.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = "/tmp/weight-server-client-\(UInt64.random(in: 0 ..< .max))"
    guard unsafe mkdir(path, 0o700) == 0 else { throw SystemError("mkdir", on: path) }
  }

  deinit {
    for name in (try? names()) ?? [] { try? OutputFile.remove(Path.join(path, name)) }
    unsafe rmdir(path)
  }

  func file(_ name: String) -> String { Path.join(path, name) }

  /// The names in the folder, hidden ones too.
  func names() throws -> [String] { try Folder.names(in: path) }

  func contents(_ name: String) throws -> [UInt8] {
    let file = try SourceFile.opening(file(name))
    return try file.bytes(at: 0, count: Int(file.size))
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    try OutputFile.open(file(name)).write(bytes, at: 0)
  }
}

/// Small safetensors files, and what stands in them.
enum Safetensors {
  /// A file with a text header and these bytes behind it.
  static func file(header: String, data: [UInt8]) -> [UInt8] {
    let json = Array(header.utf8)
    let padded = json + [UInt8](repeating: 0x20, count: (64 - (8 + json.count) % 64) % 64)
    return (0..<8).map { UInt8(truncatingIfNeeded: padded.count >> (8 * $0)) } + padded + data
  }

  /// A file of one tensor `w` of `count` bytes that a seed determines.
  static func random(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SplitMix64(seed: seed)
    var data: [UInt8] = []
    data.reserveCapacity(count + 8)
    while data.count < count {
      let word = generator.next()
      for shift in 0..<8 { data.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * shift))) }
    }
    let header = #"{"w":{"dtype":"U8","shape":[\#(count)],"data_offsets":[0,\#(count)]}}"#
    return file(header: header, data: Array(data.prefix(count)))
  }
}

/// The tag of a content that a test names.
func tag(_ value: String, isWeak: Bool = false) throws -> EntityTag {
  try #require(EntityTag(value, isWeak: isWeak))
}

/// The error that a call ends with.
func clientError(_ body: () async throws(WeightClientError) -> Void) async -> WeightClientError? {
  do throws(WeightClientError) {
    try await body()
    return nil
  } catch {
    return error
  }
}
