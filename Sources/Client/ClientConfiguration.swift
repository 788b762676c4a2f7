/// How a client connects, waits and tries again. Every value has a default.
public struct ClientConfiguration: Sendable, Hashable {
  /// What is done with the SHA-256 of a partition.
  public enum Verification: Sendable, Hashable {
    /// Length and header are checked, no digest.
    case header
    /// Also the digest, where the answer states one.
    case offeredDigest
    /// The server is asked for a digest, and one is made here whether it states one or not.
    case digest
  }

  /// Time to connect, over all addresses of a name.
  public var connectTimeout = Duration.seconds(10)
  /// Time from a request to its answer's head: the server may have to plan or materialize.
  public var responseTimeout = Duration.seconds(300)
  /// Time between two pieces of a body.
  public var progressTimeout = Duration.seconds(60)
  /// What is shown to the server with each request, where reading needs it.
  public var token: BearerToken?
  /// When a failed request is tried again.
  public var retry = RetryPolicy()
  /// Requests in flight at once; more wait their turn.
  public var maximumTransfers = 16
  /// Connections kept open between requests.
  public var maximumIdleConnections = 4
  /// Bytes of the window of a copy into a file.
  public var bufferSize = 1024 * 1024
  /// How a partition is checked.
  public var verification = Verification.offeredDigest
  /// Bytes that the JSON of an answer may have.
  public var answerLimit = 256 * 1024 * 1024

  /// The defaults.
  public init() {}
}
