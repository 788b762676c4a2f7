import Dispatch
import Platform
import Synchronization

/// An HTTP/1.1 server on Dispatch: a few serial loop queues, each for many connections, and a bounded pool for work that blocks. No
/// thread belongs to a connection.
package final class HTTPServer: Sendable {
  private struct State {
    var listeners: [Listener] = []
    var connections: ConnectionTable<ClientIdentity>
    var refusing = 0
    var accepted = 0
    var isStopping = false
    var onEmpty: (@Sendable () -> Void)?
  }

  /// Refused connections at a time that are waited for until they have heard it; more are told and closed at once.
  private static let refusalLimit = 256

  private let contexts: Mutex<ServerConnection.Context>
  private let loops: [EventLoop]
  private let acceptQueue = DispatchQueue(label: "accept")
  private let counters = ServerCounters()
  private let state: Mutex<State>

  /// A server that listens nowhere yet.
  /// - Parameters:
  ///   - loops: how many queues the connections share; about one per core.
  ///   - workers: where pieces of bodies are filled; by default a pool of two per core.
  ///   - tls: how TLS is spoken where it is.
  ///   - meter: counts how often limits were reached.
  ///   - onRefusal: told of requests that no handler sees: the error, and the client's address. On a connection's queue.
  package init(
    handler: any RequestHandler, limits: ConnectionLimits = ConnectionLimits(), loops: Int? = nil,
    workers: WorkerPool? = nil, tls: TLSListening? = nil, meter: LimitMeter = LimitMeter(),
    onRefusal: (@Sendable (StatusError, String) -> Void)? = nil
  ) {
    let cores = ProcessorCount.available()
    let context = ServerConnection.Context(
      handler: handler, limits: limits, workers: workers ?? WorkerPool(limit: 2 * cores), counters: counters,
      meter: meter, memory: ByteBudget(limit: limits.bytesInFlight), onRefusal: onRefusal,
      pacer: limits.bytesPerSecond > 0 ? Pacer(rate: limits.bytesPerSecond) : nil, tls: tls,
      handshakes: WorkerPool(limit: cores, label: "handshake"))
    contexts = Mutex(context)
    state = Mutex(
      State(connections: ConnectionTable(limit: limits.connections, clientLimit: limits.connectionsPerAddress)))
    self.loops = (0..<max(loops ?? cores, 1)).map { EventLoop(label: "loop-\($0)", tick: limits.tick) }
  }

  /// What connections that are accepted now have in common.
  private var context: ServerConnection.Context { contexts.withLock { $0 } }

  /// Holds connections that are accepted from here on to other limits; how many there may be counts at once. Bytes in flight and bytes a
  /// second stay what they were.
  package func hold(to limits: ConnectionLimits) {
    contexts.withLock { $0.limits = limits }
    state.withLock { $0.connections.setLimits(limits.connections, ofClient: limits.connectionsPerAddress) }
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
        if address.isSecure, context.tls == nil {
          throw ListenError(address: address, reason: "TLS needs a certificate: set tls.certificate and tls.key")
        }
        sockets.append((address, try HTTPServer.listen(on: address)))
      } catch {
        for (_, socket) in sockets { socket.removeFile() }
        throw error
      }
    }
    for (requested, socket) in sockets {
      let listener = Listener(socket, queue: acceptQueue) { [self] event in handle(event, isSecure: requested.isSecure)
      }
      state.withLock { $0.listeners.append(listener) }
      listener.start()
    }
    return sockets.map { requested, socket in
      let isPath = socket.address.unixPath != nil
      return BoundAddress(
        requested: requested, port: socket.address.port,
        description: isPath
          ? socket.address.description : "\(requested.isSecure ? "https" : "http")://\(socket.address)")
    }
  }

  /// What the server has done so far.
  package func statistics() -> ServerStatistics {
    var statistics = counters.snapshot(connectionsOpen: state.withLock { $0.connections.open })
    statistics.bytesInFlight = context.memory.held
    statistics.limitsReached = context.meter.counts
    return statistics
  }

  /// Calls `then` once the queue that accepts and every loop have turned: where one is stuck, never.
  package func whenTurned(_ then: @escaping @Sendable () -> Void) {
    let group = DispatchGroup()
    for queue in loops.map(\.queue) + [acceptQueue] { queue.async(group: group) {} }
    group.notify(queue: .global(), execute: then)
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
        return state.connections.open + state.refusing == 0
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
    case .tcp(let host, let port), .tls(let host, let port):
      do throws(Socket.ConnectError) {
        return try ListeningSocket.tcp(host: host, port: port)
      } catch {
        throw ListenError(address: address, reason: error.description)
      }
    }
  }

  private func handle(_ event: Listener.Event, isSecure: Bool) {
    switch event {
    case .paused(let error):
      counters.acceptPauses.count()
      context.meter.reached(.descriptors, by: "", "no connection is accepted for a moment: \(error.reason)")
    case .crowded(let socket, let address):
      counters.acceptPauses.count()
      counters.connectionsAccepted.count()
      let error = StatusError(
        .resourceExhausted, "there are too many connections: try again later", limit: .descriptors)
      refuse(socket, address, error, isSecure: isSecure)
    case .accepted(let socket, let address):
      counters.connectionsAccepted.count()
      accept(socket, address, isSecure: isSecure)
    }
  }

  /// Says once that there is no room, without waiting whether the client hears it.
  private func refuse(_ socket: Socket, _ address: SocketAddress, _ error: StatusError, isSecure: Bool) {
    counters.connectionsRefused.count()
    context.meter.refused(error, address.description)
    // A handshake would take descriptors and time that there are not.
    if isSecure { return }
    let answer = OutgoingResponse(
      Response(error), method: nil, version: .http11, closes: true, date: HTTPDate.format(WallClock.seconds()))
    // What has come already is taken: a close with bytes unread would reset the connection, and take the answer from the client.
    var bytes = [UInt8](repeating: 0, count: 16 * 1024)
    _ = try? socket.receive(into: &bytes)
    _ = try? socket.send(answer.head[...])
    socket.shutdown(.sending)
  }

  /// The stream over a socket; nil where there is no memory for it.
  private func stream(over socket: Socket, of loop: EventLoop, isSecure: Bool) -> ByteStream? {
    guard isSecure, let tls = context.tls else { return .plain(socket) }
    return (try? TLSStream(accepting: socket, tls.credentials.current())).map { .secure($0, loop.tlsBuffers) }
  }

  private func accept(_ socket: Socket, _ address: SocketAddress, isSecure: Bool) {
    enum Fate {
      case served(ClientLoad)
      case refused(StatusError, isHeard: Bool)
    }
    let user = socket.peerUser()
    let client = ClientIdentity(address, user: user)
    let (fate, number): (Fate, Int) = state.withLock { state in
      state.accepted += 1
      if state.isStopping {
        return (.refused(StatusError(.unavailable, "the server is shutting down"), isHeard: false), state.accepted)
      }
      switch state.connections.add(client) {
      case .admitted(let load): return (.served(load), state.accepted)
      case .full(let limit):
        let isHeard = state.refusing < HTTPServer.refusalLimit
        if isHeard { state.refusing += 1 }
        return (.refused(tooMany(limit, client, address), isHeard: isHeard), state.accepted)
      }
    }
    let loop = loops[number % loops.count]
    func make(_ load: ClientLoad, onClose: @escaping @Sendable () -> Void) -> ServerConnection? {
      guard let stream = stream(over: socket, of: loop, isSecure: isSecure) else {
        onClose()
        return nil
      }
      return ServerConnection(
        socket: stream, remoteAddress: address.description, peer: Peer(user: user), load: load, name: "c\(number)",
        loop: loop, context: context, onClose: onClose)
    }
    switch fate {
    case .served(let load): make(load) { [self] in closed { $0.connections.remove(client) } }?.start()
    case .refused(let error, isHeard: true):
      counters.connectionsRefused.count()
      make(ClientLoad()) { [self] in closed { $0.refusing -= 1 } }?.start(refusing: error)
    case .refused(let error, isHeard: false): refuse(socket, address, error, isSecure: isSecure)
    }
  }

  private func tooMany(_ limit: Limit, _ client: ClientIdentity, _ address: SocketAddress) -> StatusError {
    let limits = context.limits
    let message =
      limit == .connections
      ? "there are \(limits.connections) connections already: try again later"
      : "there are \(limits.connectionsPerAddress) connections of \(client.description(address)) already: "
        + "close one, or try again later"
    return StatusError(.resourceExhausted, message, limit: limit)
  }

  private func closed(_ count: (inout State) -> Void) {
    let onEmpty: (@Sendable () -> Void)? = state.withLock { state in
      count(&state)
      return state.connections.open + state.refusing == 0 ? state.onEmpty : nil
    }
    onEmpty?()
  }
}
