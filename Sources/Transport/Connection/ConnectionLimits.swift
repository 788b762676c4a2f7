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
  /// How long a connection may be open without a request.
  package var idle = Duration.seconds(75)
  /// How long a head may take from its first byte; more is 408.
  package var headTime = Duration.seconds(10)
  /// How long a body may take from the end of its head; more is 408.
  package var bodyTime = Duration.seconds(30)
  /// How long a client may take nothing of an answer that is ready for it; then it is cut.
  package var writeProgress = Duration.seconds(60)
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

  /// How often the times are looked at: a quarter of the shortest, within 10 and 500 milliseconds.
  var tick: Duration {
    let shortest = [idle, headTime, bodyTime, writeProgress, lingering].min() ?? idle
    return min(max(shortest / 4, .milliseconds(10)), .milliseconds(500))
  }
}
