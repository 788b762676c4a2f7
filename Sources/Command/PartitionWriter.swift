import Loader
import Platform

/// Writes a partition into a file that appears whole or not at all.
struct PartitionWriter {
  private let body: PartitionBody

  /// Bytes that are made and written at a time.
  private static let windowSize = 4 << 20

  init(_ body: PartitionBody) {
    self.body = body
  }

  /// Writes to a name of its own beside the target, then renames.
  func write(to path: String) throws(Failure) {
    let temporary = Path.join(Path.folder(of: path), ".\(Path.name(of: path)).partial")
    let file: OutputFile
    do throws(SystemError) {
      guard let locked = try OutputFile.openLocked(temporary) else {
        throw SystemError("flock", code: 11, on: temporary)
      }
      file = locked
    } catch {
      throw Failure(.inputOutput, "\(path.escaped) cannot be written: \(error)")
    }
    do throws(Failure) {
      try fill(file)
      try finish(file, path)
    } catch {
      try? file.remove()
      throw error
    }
  }

  private func fill(_ file: borrowing OutputFile) throws(Failure) {
    let length = body.plan.length
    let buffer = ByteBuffer(capacity: min(PartitionWriter.windowSize, length))
    try written(to: file) { (file) throws(SystemError) in try file.reserve(length) }
    var position = 0
    while position < length {
      let range = position..<min(position + PartitionWriter.windowSize, length)
      do throws(LoaderError) {
        try body.fill(buffer, with: range)
      } catch {
        throw Failure(error)
      }
      try written(to: file) { (file) throws(SystemError) in try file.write(buffer, at: range.lowerBound) }
      position = range.upperBound
    }
  }

  private func finish(_ file: borrowing OutputFile, _ path: String) throws(Failure) {
    try written(to: file) { (file) throws(SystemError) in
      try file.synchronize()
      try file.rename(to: path)
    }
  }

  private func written(
    to file: borrowing OutputFile, _ action: (borrowing OutputFile) throws(SystemError) -> Void
  ) throws(Failure) {
    do throws(SystemError) {
      try action(file)
    } catch {
      throw Failure(.inputOutput, "\(file.path.escaped) cannot be written: \(error.reason)")
    }
  }
}
