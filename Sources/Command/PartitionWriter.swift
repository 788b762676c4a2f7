import Dispatch
import Loader
import Platform
import Synchronization

/// Writes a partition into a file that appears whole or not at all.
struct PartitionWriter {
  private let body: PartitionBody
  private let workers: Int
  private let isSynchronized: Bool

  /// - Parameters:
  ///   - workers: threads that make and write windows side by side.
  ///   - isSynchronized: whether the file gets its name only once its bytes are on the disk, so that not even a power cut leaves
  ///     a part of it under that name.
  init(_ body: PartitionBody, workers: Int, isSynchronized: Bool) {
    self.body = body
    self.workers = max(workers, 1)
    self.isSynchronized = isSynchronized
  }

  /// The file, shared by the threads that write it.
  private final class Target: Sendable {
    let file: OutputFile

    init(_ file: consuming OutputFile) { self.file = file }
  }

  /// Writes to a name of its own beside the target, then renames.
  func write(to path: String) throws(Failure) {
    let temporary = Path.join(Path.folder(of: path), ".\(Path.name(of: path)).partial")
    let target: Target
    do throws(SystemError) {
      guard let locked = try OutputFile.openLocked(temporary) else {
        throw SystemError("flock", code: 11, on: temporary)
      }
      target = Target(locked)
    } catch {
      throw Failure(.inputOutput, "\(path.escaped) cannot be written: \(error)")
    }
    do throws(Failure) {
      try written(target) { (file) throws(SystemError) in try file.reserve(body.plan.length) }
      try fill(target)
      try written(target) { (file) throws(SystemError) in
        if isSynchronized { try file.synchronize() }
        try file.rename(to: path, isDurable: isSynchronized)
      }
    } catch {
      try? target.file.remove()
      throw error
    }
  }

  /// Has threads make windows and write them: while one waits for the file, another copies from the sources.
  private func fill(_ target: Target) throws(Failure) {
    let cursor = Mutex(WindowCursor(body))
    let failure = Mutex<Failure?>(nil)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      do throws(Failure) {
        try writeWindows(of: cursor, to: target) { failure.withLock { $0 != nil } }
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  private func writeWindows(
    of cursor: borrowing Mutex<WindowCursor>, to target: Target, unless isStopped: () -> Bool
  ) throws(Failure) {
    let buffer = ByteBuffer(capacity: WindowCursor.largestWindow)
    while !isStopped() {
      let range: Range<Int>
      do throws(LoaderError) {
        let next: Result<Range<Int>?, LoaderError> = cursor.withLock { cursor in
          do throws(LoaderError) { return .success(try cursor.next()) } catch { return .failure(error) }
        }
        guard let wanted = try next.get() else { return }
        range = wanted
        try body.fill(buffer, with: range)
      } catch {
        throw Failure(error)
      }
      try written(target) { (file) throws(SystemError) in try file.write(buffer, at: range.lowerBound) }
    }
  }

  private func written(
    _ target: Target, _ action: (borrowing OutputFile) throws(SystemError) -> Void
  ) throws(Failure) {
    do throws(SystemError) {
      try action(target.file)
    } catch {
      throw Failure(.inputOutput, "\(target.file.path.escaped) cannot be written: \(error.reason)")
    }
  }
}
