import Dispatch
import Platform
import Synchronization

/// An HTTP/1.1 server on Dispatch: a few serial loop queues, each for many connections, and a bounded pool for work that blocks. No
/// thread belongs to a connection.
package final class HTTPServer: Sendable {
  private struct State {
    var listeners: [Listener] = []
    var open = 0
    var refusing = 0
    var accepted = 0
    var isStopping = false
    var onEmpty: (@Sendable () -> Void)?
  }

  /// Refused connections that are told so at a time; more are closed without a word.
  private static let refusalLimit = 256

  private let context: ServerConnection.Context
  private let loops: [EventLoop]
  private let acceptQueue = DispatchQueue(label: "accept")
  private let counters = ServerCounters()
  private let state = Mutex(State())

  /// A server that listens nowhere yet.
  /// - Parameters:
  ///   - loops: how many queues the connections share; about one per core.
  ///   - workers: where pieces of bodies are filled; by default a pool of two per core.
  ///   - onRefusal: told of requests that no handler sees: the error, and the client's address. On a connection's queue.
  package init(
    handler: any RequestHandler, limits: ConnectionLimits = ConnectionLimits(), loops: Int? = nil,
    workers: WorkerPool? = nil, onRefusal: (@Sendable (StatusError, String) -> Void)? = nil
  ) {
    let cores = ProcessorCount.available()
    context = ServerConnection.Context(
      handler: handler, limits: limits, workers: workers ?? WorkerPool(limit: 2 * cores), counters: counters,
      onRefusal: onRefusal)
    self.loops = (0..<max(loops ?? cores, 1)).map { EventLoop(label: "loop-\($0)", tick: limits.tick) }
  }

  /// Begins to listen on all of the addresses, or on none. From here the server lives until it is drained.
  /// - Returns: the addresses in the same order, with the ports as bound.
  package func start(_ addresses: [ListenAddress]) throws(ListenError) -> [BoundAddress] {
    BrokenPipes.ignore()
    DescriptorLimit.raise()
    if let address = addresses.first, let failure = loops.lazy.compactMap(\.failure).first {
      throw ListenError(address: address, reason: failure.reason)
    }
    var sockets: [(ListenAddress, ListeningSocket)] = []
    for address in addresses {
      do throws(ListenError) {
        sockets.append((address, try HTTPServer.listen(on: address)))
      } catch {
        for (_, socket) in sockets { socket.removeFile() }
        throw error
      }
    }
    for (_, socket) in sockets {
      let listener = Listener(socket, queue: acceptQueue) { [self] event in handle(event) }
      state.withLock { $0.listeners.append(listener) }
      listener.start()
    }
    return sockets.map { requested, socket in
      let isPath = socket.address.unixPath != nil
      return BoundAddress(
        requested: requested, port: socket.address.port,
        description: isPath ? socket.address.description : "http://\(socket.address)")
    }
  }

  /// What the server has done so far.
  package func statistics() -> ServerStatistics {
    counters.snapshot(connectionsOpen: state.withLock { $0.open })
  }

  /// Stops: no connection is accepted any more, idle ones are closed, requests that were begun are answered with `Connection:
  /// close`, and what is not done within `time` is cut.
  /// - Returns: whether everything was done in time.
  @discardableResult
  package func drain(within time: Duration) async -> Bool {
    await withCheckedContinuation { continuation in
      drain(within: time) { continuation.resume(returning: $0) }
    }
  }

  private func drain(within time: Duration, completion: @escaping @Sendable (Bool) -> Void) {
    let once = Once(completion)
    acceptQueue.async { [self] in
      let listeners = state.withLock { state in
        defer { state.listeners = [] }
        state.isStopping = true
        return state.listeners
      }
      for listener in listeners { listener.stop() }
      for loop in loops { loop.forEachConnection { $0.drain() } }
      let isEmpty = state.withLock { state in
        state.onEmpty = { once(true) }
        return state.open + state.refusing == 0
      }
      if isEmpty { once(true) }
      acceptQueue.asyncAfter(deadline: .now() + DispatchTimeInterval(time)) { [self] in
        guard once(false) else { return }
        for loop in loops { loop.forEachConnection { $0.abort() } }
      }
    }
  }

  private static func listen(on address: ListenAddress) throws(ListenError) -> ListeningSocket {
    switch address {
    case .unix(let path):
      do throws(SystemError) {
        return try ListeningSocket.unix(path: path)
      } catch {
        throw ListenError(address: address, reason: error.reason)
      }
    case .tcp(let host, let port):
      do throws(Socket.ConnectError) {
        return try ListeningSocket.tcp(host: host, port: port)
      } catch {
        throw ListenError(address: address, reason: error.description)
      }
    }
  }

  private func handle(_ event: Listener.Event) {
    switch event {
    case .paused: counters.acceptPauses.count()
    case .crowded(let socket):
      counters.acceptPauses.count()
      counters.connectionsRefused.count()
      sendRefusal(on: socket)
    case .accepted(let socket, let address):
      counters.connectionsAccepted.count()
      accept(socket, address)
    }
  }

  /// Says once that there is no room, without waiting whether the client hears it.
  private func sendRefusal(on socket: Socket) {
    let error = StatusError(.resourceExhausted, "there are too many connections: try again later")
    let answer = OutgoingResponse(
      Response(error), method: nil, version: .http11, closes: true, date: HTTPDate.format(WallClock.seconds()))
    _ = try? socket.send((answer.head + error.body)[...])
    socket.shutdown(.sending)
  }

  private func accept(_ socket: Socket, _ address: SocketAddress) {
    enum Fate {
      case served
      case refused(StatusError)
      case dropped
    }
    let limit = context.limits.connections
    let (fate, number): (Fate, Int) = state.withLock { state in
      state.accepted += 1
      if state.isStopping {
        return (.dropped, state.accepted)
      } else if state.open < limit {
        state.open += 1
        return (.served, state.accepted)
      } else if state.refusing < HTTPServer.refusalLimit {
        state.refusing += 1
        let error = StatusError(.resourceExhausted, "there are \(limit) connections already: try again later")
        return (.refused(error), state.accepted)
      }
      return (.dropped, state.accepted)
    }
    let loop = loops[number % loops.count]
    func make(onClose: @escaping @Sendable () -> Void) -> ServerConnection {
      ServerConnection(
        socket: .plain(socket), remoteAddress: address.description, peer: Peer(user: socket.peerUser()), name: "c\(number)",
        loop: loop, context: context, onClose: onClose)
    }
    switch fate {
    case .served: make { [self] in closed { $0.open -= 1 } }.start()
    case .refused(let error):
      counters.connectionsRefused.count()
      make { [self] in closed { $0.refusing -= 1 } }.start(refusing: error)
    case .dropped: counters.connectionsRefused.count()
    }
  }

  private func closed(_ count: (inout State) -> Void) {
    let onEmpty: (@Sendable () -> Void)? = state.withLock { state in
      count(&state)
      return state.open + state.refusing == 0 ? state.onEmpty : nil
    }
    onEmpty?()
  }
}
