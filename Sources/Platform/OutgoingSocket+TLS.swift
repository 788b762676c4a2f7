import Glibc

extension OutgoingSocket {
  /// Does the handshake with a server over a connected socket.
  static func secure(
    _ socket: Socket, _ context: TLSContext, host: String, port: UInt16, until end: ContinuousClock.Instant,
    _ cancel: CancelSignal
  ) throws(Failure) -> ByteStream {
    let session: TLSStream
    do throws(TLSError) {
      session = try TLSStream(connecting: socket, context, host: host, port: port)
    } catch {
      throw .tls(error)
    }
    while true {
      let wanted: TLSStream.Handshake
      do throws(StreamError) {
        wanted = try session.handshake()
      } catch {
        throw Failure(error)
      }
      if wanted == .isDone { return .secure(session, TLSBuffers()) }
      let remaining = ContinuousClock.now.duration(to: end)
      switch cancel.wait(until: socket.number, is: wanted == .wantsToSend ? POLLOUT : POLLIN, for: remaining) {
      case .ready: continue
      case .timedOut: throw .timedOut
      case .cancelled: throw .cancelled
      }
    }
  }
}
