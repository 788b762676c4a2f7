import Loader
import Platform
import Synchronization
import Transport

/// One partition that is being made into the cache, and those who send it meanwhile: they follow behind the watermark.
final class Materialization: Sendable {
  /// What is being made.
  let body: PartitionBody
  /// Whether someone waits for it: what is made ahead may not drive others out.
  let isAhead: Bool

  private struct Shared {
    var state = MaterializationState<@Sendable () -> Void>()
    var writing: WritingFile?
    var file: SourceFile?
    var lease: CacheLease?
  }

  private let shared = Mutex(Shared())

  /// The file that is being written; readers share it with its writer.
  final class WritingFile: Sendable {
    let file: OutputFile

    init(_ file: consuming OutputFile) { self.file = file }
  }

  /// What there is from a position on.
  enum Supply {
    /// Bytes up to there, in the file that is being written.
    case bytes(upTo: Int)
    /// All, in this file.
    case file(SourceFile)
    /// Nothing yet.
    case nothingYet
    /// Nothing: make it yourself.
    case nothing
    /// Nothing, and it cannot be made.
    case failed(LoaderError)
  }

  init(_ body: PartitionBody, isAhead: Bool) {
    self.body = body
    self.isAhead = isAhead
  }

  /// Its key.
  var id: String { body.plan.identity }

  /// Bytes that were made.
  var watermark: Int { shared.withLock { $0.state.watermark } }

  // MARK: Followers

  /// What there is from a position on.
  func supply(at position: Int) -> Supply {
    shared.withLock { shared in
      switch shared.state.phase {
      case .failed(let error): return .failed(error)
      case .unstored: return .nothing
      case .stored: return shared.file.map(Supply.file) ?? .nothing
      case .writing:
        return shared.state.watermark > position ? .bytes(upTo: shared.state.watermark) : .nothingYet
      }
    }
  }

  /// Calls `waiter` once, when there is something new to be said of a position.
  func wait(behind position: Int, _ waiter: @escaping @Sendable () -> Void) {
    if shared.withLock({ $0.state.wait(behind: position, waiter) }) { waiter() }
  }

  /// Calls `waiter` once, when it has ended.
  func waitForEnd(_ waiter: @escaping @Sendable () -> Void) {
    wait(behind: .max) { [self] in
      if case .nothingYet = supply(at: .max) { waitForEnd(waiter) } else { waiter() }
    }
  }

  /// Reads bytes that lie before the watermark. Where the file was given up meanwhile they are made again.
  func read(into buffer: ByteBuffer, _ range: Range<Int>) throws {
    if let writing = shared.withLock({ $0.writing }) {
      try writing.file.read(into: buffer, at: range.lowerBound, most: range.count)
      if buffer.count == range.count { return }
    }
    try body.fill(buffer, with: range)
  }

  // MARK: The maker

  /// Writing begins.
  func begins(_ file: WritingFile) { shared.withLock { $0.writing = file } }

  /// The bytes before a position are in the file.
  func advanced(to position: Int) {
    let waiters = shared.withLock { $0.state.advanced(to: position) }
    for waiter in waiters { waiter() }
  }

  /// All is in a file of its final name, which the lease keeps there.
  func stored(_ file: SourceFile, _ lease: CacheLease) {
    let waiters = shared.withLock { shared in
      shared.file = file
      shared.lease = lease
      return shared.state.ended(.stored)
    }
    for waiter in waiters { waiter() }
  }

  /// The cache cannot hold it.
  func gaveUp() { end(.unstored) }

  /// Its bytes cannot be made.
  func failed(_ error: LoaderError) { end(.failed(error)) }

  private func end(_ phase: MaterializationState<@Sendable () -> Void>.Phase) {
    let waiters = shared.withLock { shared in
      // The disk's room is free again once nobody reads any more.
      shared.writing = nil
      return shared.state.ended(phase)
    }
    for waiter in waiters { waiter() }
  }
}

/// Keeps an entry from being evicted while it is referred to.
final class CacheLease: Sendable {
  private let release: @Sendable () -> Void

  init(_ release: @escaping @Sendable () -> Void) { self.release = release }

  deinit { release() }
}
