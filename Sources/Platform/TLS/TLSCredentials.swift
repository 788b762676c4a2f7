import Synchronization

/// A server's TLS context, made anew when its files change.
package final class TLSCredentials: Sendable {
  private struct State {
    var context: TLSContext
    /// The files as they were when they were last read, with success or without.
    var seen: [FileStatus?]
    var looked: ContinuousClock.Instant
    var made: ContinuousClock.Instant
  }

  /// How often the files are looked at, at most.
  private static let pause = Duration.seconds(1)
  /// How long a context is used: with it go the keys that seal tickets.
  private static let life = Duration.seconds(12 * 3600)

  /// What the operator said.
  package let settings: TLSServerSettings
  private let state: Mutex<State>
  /// Told of files that changed by themselves: nil where they are used now, or why they are not.
  private let onChange: @Sendable (TLSError?) -> Void

  /// Reads the files.
  package init(
    _ settings: TLSServerSettings, onChange: @escaping @Sendable (TLSError?) -> Void = { _ in }
  ) throws(TLSError) {
    self.settings = settings
    self.onChange = onChange
    let seen = TLSCredentials.statuses(settings)
    let now = ContinuousClock.now
    state = Mutex(State(context: try TLSContext.server(settings), seen: seen, looked: now, made: now))
  }

  /// When the certificate ends, in seconds since 1970.
  package var expires: Int64? { state.withLock { $0.context.expires } }

  /// The context for a new connection. Now and then, the files are looked at first: what changed is read.
  package func current() -> TLSContext {
    let now = ContinuousClock.now
    let (context, seen, isOld): (TLSContext, [FileStatus?]?, Bool) = state.withLock { state in
      let isOld = now - state.made > TLSCredentials.life
      guard isOld || now - state.looked >= TLSCredentials.pause else { return (state.context, nil, false) }
      state.looked = now
      if isOld { state.made = now }
      return (state.context, state.seen, isOld)
    }
    guard let seen, isOld || TLSCredentials.statuses(settings) != seen else { return context }
    do throws(TLSError) {
      try reload()
      if !isOld { onChange(nil) }
    } catch {
      onChange(error)
    }
    return state.withLock { $0.context }
  }

  /// Reads the files again. Connections that are open go on as they began.
  /// - Throws: why the new ones cannot be used; then the old ones stay.
  package func reload() throws(TLSError) {
    let seen = TLSCredentials.statuses(settings)
    state.withLock { $0.seen = seen }
    let context = try TLSContext.server(settings)
    let now = WallClock.seconds()
    try state.withLock { state throws(TLSError) in
      if let end = context.expires, end <= now, state.context.expires ?? now > now {
        throw TLSError(
          .settings,
          "certificate \(settings.certificate.debugDescription) has ended already, and the one in use has not")
      }
      state.context = context
      state.made = .now
    }
  }

  /// Nil where a file is not there: that is a change too.
  private static func statuses(_ settings: TLSServerSettings) -> [FileStatus?] {
    settings.files.map { try? FileStatus.of(path: $0.path) }
  }
}
