import Dispatch
import Platform

/// Accepts connections of one listening socket, and goes on when there was no room for more for a while.
///
/// The last descriptors of the process are left alone: files must be opened to serve anything, and Dispatch itself ends the
/// process where it cannot open `/proc/PID/stat` (`_dispatch_workq_count_runnable_workers` in its workqueue.c).
///
/// `@unchecked Sendable`: everything mutable is touched on `queue` only.
final class Listener: @unchecked Sendable {
  /// What happens to a listener.
  enum Event {
    case accepted(Socket, SocketAddress)
    /// A connection took one of the last descriptors: it must go, and the next is taken a little later.
    case crowded(Socket, SocketAddress)
    /// There is no descriptor or memory for another connection: the next try is made soon.
    case paused(SystemError)
  }

  /// How long to wait where there is no room for another connection.
  private static let pause = DispatchTimeInterval.milliseconds(50)
  /// Connections that are taken before others of the queue get their turn.
  private static let batch = 64

  private let socket: ListeningSocket
  /// The number from which on descriptors are left alone.
  private let ceiling: Int
  private let queue: DispatchQueue
  private let onEvent: @Sendable (Event) -> Void
  private let source: any DispatchSourceRead
  private var isPaused = false
  private var hasEnded = false

  /// Takes over a listening socket; events come on `queue`.
  init(_ socket: ListeningSocket, queue: DispatchQueue, onEvent: @escaping @Sendable (Event) -> Void) {
    self.socket = socket
    self.queue = queue
    let limit = DescriptorLimit.current()
    ceiling = limit - min(limit / 4, 64)
    self.onEvent = onEvent
    source = DispatchSource.makeReadSource(fileDescriptor: socket.socket.number, queue: queue)
    source.setCancelHandler { withExtendedLifetime(socket) {} }
  }

  /// Begins to accept.
  func start() {
    source.setEventHandler { [self] in accept() }
    source.resume()
  }

  /// Stops: when this returns, clients are refused and the file of a Unix socket is gone. On `queue`.
  func stop() {
    dispatchPrecondition(condition: .onQueue(queue))
    guard !hasEnded else { return }
    hasEnded = true
    socket.removeFile()
    // The descriptor lives until Dispatch has let go of it, but nobody is to connect any more; unless others listen with it too.
    if !socket.isInherited { socket.socket.shutdown(.both) }
    if isPaused { source.resume() }
    source.cancel()
  }

  private func accept() {
    for _ in 0..<Listener.batch {
      guard !hasEnded else { return }
      do throws(SystemError) {
        guard let (connection, address) = try socket.accept() else { return }
        if connection.number >= ceiling {
          onEvent(.crowded(connection, address))
          pause()
          return
        }
        onEvent(.accepted(connection, address))
      } catch {
        if error.isShortage {
          onEvent(.paused(error))
          pause()
          return
        }
        // The connection was gone before it was taken: the next one may be well.
      }
    }
  }

  private func pause() {
    isPaused = true
    source.suspend()
    queue.asyncAfter(deadline: .now() + Listener.pause) { [self] in
      guard isPaused, !hasEnded else { return }
      isPaused = false
      source.resume()
    }
  }
}
