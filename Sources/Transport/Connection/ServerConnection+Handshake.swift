import Dispatch
import Platform

/// What a connection does before its first request where it speaks TLS.
extension ServerConnection {
  /// How far a connection is.
  enum Handshake {
    /// There is none, or it is done.
    case isOver
    case isUnderway
    /// A worker does a step of it, and nobody else touches the session.
    case isElsewhere
  }

  /// Goes on with the handshake: here, or on a worker where a step takes so long that the loop's other connections should not
  /// wait for it.
  func continueHandshake() {
    guard handshake == .isUnderway, case .secure(let session, let buffers) = socket else { return }
    // Whatever came until now is received by this step; what comes meanwhile is told again.
    hasInput = false
    guard session.isSlow else {
      advanceHandshake(ServerConnection.step(session), session, buffers)
      return
    }
    handshake = .isElsewhere
    perform(.wait)
    context.handshakes.run { [self] in
      let result = ServerConnection.step(session)
      queue.async { [self] in
        guard handshake == .isElsewhere, socket != nil else { return }
        handshake = .isUnderway
        advanceHandshake(result, session, buffers)
      }
    }
  }

  private static func step(_ session: TLSStream) -> Result<TLSStream.Handshake, StreamError> {
    do throws(StreamError) {
      return .success(try session.handshake())
    } catch {
      return .failure(error)
    }
  }

  private func advanceHandshake(
    _ result: Result<TLSStream.Handshake, StreamError>, _ session: TLSStream, _ buffers: TLSBuffers
  ) {
    switch result {
    case .success(.wantsToReceive):
      if hasInput { continueHandshake() } else { perform(.wait) }
    case .success(.wantsToSend):
      waitUntilWritable()
      perform(.wait)
    case .success(.isDone):
      handshake = .isOver
      session.share(buffers)
      handshakeDone(session)
    case .failure(let error): handshakeFailed(error)
    }
  }

  private func handshakeDone(_ session: TLSStream) {
    context.counters.handshakes.count()
    if session.isResumed { context.counters.handshakesResumed.count() }
    peer.isEncrypted = true
    peer.certificate = session.peerCertificate()
    peer.certificateSubject = peer.certificate?.subject
    peerRefusal = context.tls?.admit?(peer.certificate)
    // A request may have come with the end of the handshake.
    hasInput = true
    resetTime()
    perform(refusal.map { machine.refuse($0, date: loop.date) } ?? .wait)
  }

  /// The handshake took longer than a head may.
  func handshakeTimedOut() {
    let error = TLSError(.wire, "the handshake took longer than \(context.limits.headTime)")
    context.counters.handshakesFailed.count()
    context.tls?.onFailure?(error, remoteAddress)
    handshake = .isOver
    perform(machine.abort())
  }

  /// Ends the connection. The alert that says why has been sent; who spoke HTTP reads an answer.
  private func handshakeFailed(_ error: StreamError) {
    guard let socket else { return }
    handshake = .isOver
    context.counters.handshakesFailed.count()
    // From here on the socket is read and written as it is.
    self.socket = .plain(socket.socket)
    switch error {
    case .tls(let error) where error.kind == .plainHTTP:
      let answer = StatusError(.invalidArgument, "this port speaks TLS: use https:// in place of http://")
      perform(machine.refuse(answer, date: loop.date))
    case .tls(let error):
      context.tls?.onFailure?(error, remoteAddress)
      perform(machine.giveUp())
    case .system: perform(machine.abort())
    }
  }

  /// The answer to a request of a peer that is not admitted.
  func refusePeer() -> Response? {
    guard let peerRefusal else { return nil }
    context.counters.requestsRefused.count()
    context.onRefusal?(peerRefusal, remoteAddress)
    var response = Response(peerRefusal)
    response.closesConnection = true
    return response
  }
}
