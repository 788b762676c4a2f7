import CLinux
package import Dispatch
import Glibc

/// Tells that something happened in one of some folders (inotify(7)), not what: whoever is told looks. What happens on another host of a
/// network file system is not told.
///
/// SAFETY: `@unchecked Sendable` because the source is only touched at either end of the object's life.
package final class FolderNotifications: @unchecked Sendable {
  private let number: CInt
  private let source: any DispatchSourceRead

  /// Begins to listen; `onChange` is called on `queue`.
  package init(queue: DispatchQueue, onChange: @escaping @Sendable () -> Void) throws(SystemError) {
    let number = try retryingInterrupts("inotify_init1") { linux_notify() }
    self.number = number
    source = DispatchSource.makeReadSource(fileDescriptor: number, queue: queue)
    source.setEventHandler { if linux_notify_drain(number) != 0 { onChange() } }
    // The number is closed when the source has let go of it.
    source.setCancelHandler { _ = Glibc.close(number) }
    source.activate()
  }

  deinit {
    source.cancel()
  }

  /// Adds a folder, not those in it; one that was added is no error. It is forgotten when it is removed.
  package func add(_ folder: String) throws(SystemError) {
    // SAFETY: Swift passes a terminated copy of the path for the call's length.
    try retryingInterrupts("inotify_add_watch", on: folder) { unsafe linux_notify_add(number, folder) }
  }
}
