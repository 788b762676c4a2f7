import Synchronization

/// Takes the one answer to a request from whatever thread it comes, and sees to it that there is one.
final class Responder: Sendable {
  private enum State {
    /// The handler is being called on the connection's queue.
    case calling
    /// It answered at once.
    case answered(Response)
    /// It returned without an answer.
    case waiting
    /// The answer was passed on.
    case finished
  }

  private let state = Mutex(State.calling)
  private let connection: ServerConnection
  private let exchange: UInt64

  init(connection: ServerConnection, exchange: UInt64) {
    self.connection = connection
    self.exchange = exchange
  }

  deinit {
    let isLost = state.withLock { if case .waiting = $0 { true } else { false } }
    if isLost { connection.respondLater(Response(Responder.noAnswer), to: exchange) }
  }

  private static let noAnswer = StatusError(.internalError, "the request was dropped without an answer")

  /// Passes the first answer on and gives up any other.
  func respond(_ response: Response) {
    enum Fate {
      case kept
      case sent
      case givenUp
    }
    let fate: Fate = state.withLock { state in
      switch state {
      case .calling:
        state = .answered(response)
        return .kept
      case .waiting:
        state = .finished
        return .sent
      case .answered, .finished: return .givenUp
      }
    }
    switch fate {
    case .kept: break
    case .sent: connection.respondLater(response, to: exchange)
    case .givenUp: response.onDelivery?(Response.Delivery(status: nil, bytesSent: 0, isComplete: false))
    }
  }

  /// The handler has returned: the answer it gave at once, if it did.
  func handlerReturned() -> Response? {
    state.withLock { state in
      if case .answered(let response) = state {
        state = .finished
        return response
      }
      state = .waiting
      return nil
    }
  }
}
