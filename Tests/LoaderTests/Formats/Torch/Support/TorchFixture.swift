import Foundation
import Platform
import Testing

@testable import Loader

/// The files of `Tests/Fixtures/torch` and `numpy`, and what they hold.
enum TorchFixture {
  /// A line of `expected.txt`.
  struct Expected: Sendable, CustomTestStringConvertible {
    let file: String
    let path: String
    let dtype: DType
    let shape: [Int]
    let bytes: [UInt8]

    var testDescription: String { "\(file) \(path)" }
  }

  static let folder: String = {
    var parts = #filePath.split(separator: "/")
    while let last = parts.popLast(), last != "LoaderTests" {}
    return "/" + parts.joined(separator: "/") + "/Fixtures/torch"
  }()

  static let expected: [Expected] = {
    let text = (try? String(contentsOfFile: folder + "/expected.txt", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 5, let dtype = DType(rawValue: fields[2]) else { return nil }
      let digits = Array(fields[4].utf8)
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
      }
      return Expected(
        file: fields[0], path: fields[1], dtype: dtype, shape: fields[3].split(separator: ",").compactMap { Int($0) },
        bytes: bytes)
    }
  }()

  /// A table with one file of the fixtures open.
  static func open(_ name: String) throws -> (FileTable, Int) {
    let roots = try Roots().adding(folder: Path.folder(of: folder))
    var files = FileTable(folder: Path.folder(of: Path.join(folder, name)), roots: roots)
    let index = try files.open(Path.name(of: name))
    return (files, index)
  }

  /// The value of a fixture.
  static func read(_ name: String) throws -> (FileTable, InertValue) {
    var (files, index) = try open(name)
    let value = try TorchFile.read(index, in: &files, policy: PicklePolicy())
    return (files, value)
  }

  /// The bytes of a tensor in row-major order, element by element.
  static func bytes(of tensor: StoredTensor, in files: FileTable) throws -> [UInt8] {
    let size = try #require(tensor.dtype.byteSize)
    var result: [UInt8] = []
    if tensor.shape.contains(0) { return result }
    var index = [Int](repeating: 0, count: tensor.shape.count)
    while true {
      let offset = zip(index, tensor.strides).reduce(tensor.location.offset) { $0 + $1.0 * $1.1 }
      result += try files.read(tensor.location.file, at: UInt64(offset), count: UInt64(size), what: "an element")
      var axis = index.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < tensor.shape[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return result }
    }
  }
}

/// A folder of files that a test writes, removed with it.
final class ScratchFiles {
  let folder: String

  init() throws {
    // In memory where there is such a folder: thousands of small files are written.
    let base =
      FileManager.default.isWritableFile(atPath: "/dev/shm")
      ? URL(fileURLWithPath: "/dev/shm") : FileManager.default.temporaryDirectory
    let url = base.appendingPathComponent("weight-server-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Writes a file, over any of the same name.
  func write(_ bytes: [UInt8], as name: String = "file.pt") throws {
    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
  }

  /// A table over the folder.
  func table() throws -> FileTable {
    FileTable(folder: folder, roots: try Roots().adding(folder: folder))
  }

  /// Writes a file and reads it as torch's.
  func read(_ bytes: [UInt8], policy: PicklePolicy = PicklePolicy()) throws -> InertValue {
    try write(bytes)
    var files = try table()
    return try TorchFile.read(try files.open("file.pt"), in: &files, policy: policy)
  }
}

/// Why a call failed: the error's code and message; nil where it did not.
func refusal(_ body: () throws -> Void) -> String? {
  do {
    try body()
    return nil
  } catch let error as LoaderError {
    return error.code == .invalidCheckpoint ? error.message : "\(error.code): \(error.message)"
  } catch {
    return "\(error)"
  }
}
