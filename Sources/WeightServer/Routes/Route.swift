import HTTPTypes
import Transport

/// What is done for some methods of a path.
struct Route: Sendable {
  /// What a client must be allowed to, to have it done.
  enum Scope: Hashable, Sendable {
    /// Anyone may ask: liveness and readiness.
    case open
    /// Reading checkpoints and partitions.
    case read
    /// Changing what the daemon serves.
    case admin
  }

  /// Where the answer is made.
  enum Work: Sendable {
    /// On the connection's queue: it never waits and takes microseconds.
    case prompt
    /// On a worker: it may plan, read or wait for a lock.
    case blocking
    /// On a worker, after something that may take long and holds no worker: the closure calls its second argument when that is done.
    case awaiting(@Sendable (Request, @escaping @Sendable () -> Void) -> Void)
  }

  let methods: [HTTPRequest.Method]
  let scope: Scope
  let takesBody: Bool
  let work: Work
  /// Answers on the connection's queue what can be answered there, though not everything can; nil where it cannot.
  let atOnce: (@Sendable (Request) -> Response?)?
  let answer: @Sendable (Request) throws(StatusError) -> Response

  init(
    _ methods: [HTTPRequest.Method], scope: Scope, takesBody: Bool = false, work: Work,
    atOnce: (@Sendable (Request) -> Response?)? = nil,
    answer: @escaping @Sendable (Request) throws(StatusError) -> Response
  ) {
    self.methods = methods
    self.scope = scope
    self.takesBody = takesBody
    self.work = work
    self.atOnce = atOnce
    self.answer = answer
  }

  /// GET and HEAD of something that takes no body.
  static func reading(
    scope: Scope = .read, work: Work = .blocking, atOnce: (@Sendable (Request) -> Response?)? = nil,
    _ answer: @escaping @Sendable (Request) throws(StatusError) -> Response
  ) -> Route {
    Route([.get, .head], scope: scope, work: work, atOnce: atOnce, answer: answer)
  }
}

extension Access {
  /// Whether what a route does is allowed.
  func allows(_ scope: Route.Scope) -> Bool {
    switch scope {
    case .open: true
    case .read: may(.read)
    case .admin: may(.admin)
    }
  }
}

/// Paths that belong together, and what is done for each.
protocol RouteGroup: Sendable {
  /// The routes at a path, one for each set of methods; none where the path is not this group's. They are the path's alone: the same
  /// path always has the same ones.
  /// - Parameter path: the segments, percent-decoded; empty for `/`.
  func routes(at path: [String]) -> [Route]
}
