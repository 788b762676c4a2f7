import CLinux
import Dispatch
import Glibc
import Synchronization

/// A thread that does work behind all others: the kernel gives it what they leave (`setpriority(2)` on Linux is a thread's own). Dispatch's
/// classes of service change nothing on Linux, and its threads serve everyone, so that one of them could not be made nicer for a while:
/// without privileges there is no way back.
package final class BackgroundThread: Sendable {
  private let jobs: Jobs

  /// What the thread shares with its owner.
  private final class Jobs: Sendable {
    let waiting = Mutex<[(@Sendable () -> Void)?]>([])
    let count = DispatchSemaphore(value: 0)
    let niceness: CInt

    init(niceness: CInt) { self.niceness = niceness }

    func put(_ job: (@Sendable () -> Void)?) {
      waiting.withLock { $0.append(job) }
      count.signal()
    }

    /// Does job after job; nil is the last.
    func work() {
      linux_be_nice(niceness)
      while true {
        count.wait()
        guard let job = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
        job()
      }
    }
  }

  /// Starts a thread.
  /// - Parameter niceness: how far it stands back, 0 to 19.
  /// - Throws: where the machine gives no more threads.
  package init(niceness: CInt) throws(SystemError) {
    jobs = Jobs(niceness: niceness)
    // SAFETY: the thread takes the reference over.
    let context = unsafe Unmanaged.passRetained(jobs)
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Jobs>.fromOpaque(context).takeRetainedValue().work()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      unsafe context.release()
      throw SystemError("pthread_create", code: code)
    }
    pthread_detach(thread)
  }

  deinit { jobs.put(nil) }

  /// How far the calling thread stands back.
  package static var currentNiceness: Int { Int(linux_niceness()) }

  /// Has the thread do something, behind what it was given before.
  package func run(_ work: @escaping @Sendable () -> Void) { jobs.put(work) }
}
