/// How long and how much a server bears from one connection, and how many it has.
package struct ConnectionLimits: Hashable, Sendable {
  /// Sizes of heads.
  package var head = HeadLimits()
  /// Bytes of a request's body; more is 413.
  package var bodyBytes = 1 << 20
  /// Bytes of following requests that are taken in before the answer to the current one is sent.
  package var pipelineBytes = 16 * 1024
  /// Connections at a time; one more is answered 429.
  package var connections = 10_000
  /// Connections of one address at a time, or over a Unix socket of one user; one more is answered 429.
  package var connectionsPerAddress = 1000
  /// Requests after which a connection is closed.
  package var requestsPerConnection = 100_000
  /// Bytes of bodies in memory, of all connections, from which on nothing new is begun that needs more: it is answered 429.
  package var bytesInFlight = 1 << 30
  /// How long a connection may be open without a request.
  package var idle = Duration.seconds(75)
  /// How long a head may take from its first byte; more is 408.
  package var headTime = Duration.seconds(10)
  /// How long a body may take from the end of its head; more is 408.
  package var bodyTime = Duration.seconds(30)
  /// How long a client is waited for before it is looked at how much of an answer it has taken meanwhile.
  package var writeProgress = Duration.seconds(60)
  /// Bytes a second that it has to have taken then, or it is cut; 0 where any progress will do.
  package var writeRate = 1024
  /// How long bytes of a client are thrown away so that it can read the last answer before the connection is closed.
  package var lingering = Duration.seconds(5)
  /// Bytes that are thrown away so before the connection is closed all the same.
  package var lingeringBytes = 4 << 20
  /// Bytes that one connection sends before others of its loop get their turn.
  package var sendBudget = 2 << 20
  /// Bytes of an answer that are sent as soon as there is one; the rest of a longer one waits for a turn.
  package var firstBudget = 256 << 10

  /// Bytes of bodies that are sent to one address a second, over all of its connections; 0 for as many as it takes. Unix sockets are
  /// not paced.
  package var bytesPerSecond = 0

  /// The defaults.
  package init() {}

  /// Bytes that a client has to have taken in `writeProgress`: at least one.
  var leastWritten: Int {
    let (seconds, attoseconds) = writeProgress.components
    let milliseconds =
      Int(clamping: seconds).multipliedReportingOverflow(by: 1000).partialValue
      + Int(attoseconds / 1_000_000_000_000_000)
    return max(1, writeRate.multipliedReportingOverflow(by: milliseconds).partialValue / 1000)
  }

  /// How often the times are looked at: a quarter of the shortest, within 10 and 500 milliseconds.
  var tick: Duration {
    let shortest = [idle, headTime, bodyTime, writeProgress, lingering].min() ?? idle
    return min(max(shortest / 4, .milliseconds(10)), .milliseconds(500))
  }
}
