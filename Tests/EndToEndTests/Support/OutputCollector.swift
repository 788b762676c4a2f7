import Foundation
import Synchronization

/// Gathers what a child process writes to a pipe, on a thread that waits for it.
final class OutputCollector: Sendable {
  let pipe = Pipe()
  private let collected = Mutex<[UInt8]>([])
  private let changed = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  /// Begins to read. The child must hold the pipe's writing end by then.
  func start() {
    let thread = Thread { [self] in
      while true {
        let bytes = pipe.fileHandleForReading.availableData
        if bytes.isEmpty { break }
        collected.withLock { $0 += bytes }
        changed.signal()
      }
      changed.signal()
      ended.signal()
    }
    thread.start()
  }

  /// What has come so far.
  var text: String { collected.withLock { String(decoding: $0, as: UTF8.self) } }

  /// Waits for more, or for the end; false when neither came in time.
  func waitForMore(until deadline: DispatchTime) -> Bool { changed.wait(timeout: deadline) == .success }

  /// Waits until the other end is closed; false when it was not in time.
  func waitForEnd(until deadline: DispatchTime) -> Bool {
    guard ended.wait(timeout: deadline) == .success else { return false }
    ended.signal()
    return true
  }
}
