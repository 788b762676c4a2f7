/// What a server does with requests.
package protocol RequestHandler: Sendable {
  /// Answers a request. Called on the connection's queue, so it must not block: work that does belongs on another queue.
  ///
  /// `respond` may be called from any thread, at once or later; only its first call counts, and where it is dropped without a
  /// call the client gets an `internal` error.
  func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void)

  /// Answers a request whose answer costs microseconds, without the ways that one from another thread needs; nil where `handle` is to
  /// be asked. Called on the connection's queue, so it must not block.
  func answerAtOnce(_ request: Request) -> Response?
}

extension RequestHandler {
  package func answerAtOnce(_ request: Request) -> Response? { nil }
}
