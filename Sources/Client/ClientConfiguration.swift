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
  /// Time that one call may take in all, its waits and tries included; nil for no limit. It ends as a cancelled one does.
  public var deadline: Duration?
  /// Calls in flight at once; more wait their turn.
  public var maximumTransfers = 16
  /// Connections to each server kept open between requests.
  public var maximumIdleConnections = 4
  /// Connections over which one partition is fetched, each a range of it at a time.
  ///
  /// One is fastest where a processor and not the network is the bound: of 512 MiB into a file in memory, over loopback on two busy cores,
  /// 1, 2, 4 and 8 connections took 3.3, 3.9, 4.1 and 4.7 s, the median of seven turns each. More are for connections that are each bounded
  /// by their round trips or by a shaper.
  public var connections = 1
  /// Bytes of a range that one of several connections fetches at a time.
  public var pieceBytes = 16 * 1024 * 1024
  /// Where another server, or a free connection, fetches what has brought no byte for so long; nil for never. What comes first counts,
  /// and both must have the same `ETag`.
  public var hedgeDelay: Duration? = .seconds(2)
  /// Whether a partition is mapped from memory that the server shares, where it is on this host behind a Unix-domain socket.
  public var sharesMemory = true
  /// Whether a cancelled fetch into a file, or one past its deadline, leaves what it has for another to go on with. Without it nothing
  /// of it is left.
  public var keepsPartialWhenCancelled = false
  /// Whether a file and its name are on the disk, and not only in the system's cache, before a fetch ends.
  public var synchronizesFiles = true
  /// Bytes of the window of a copy into a file.
  public var bufferSize = 1024 * 1024
  /// Whom to trust over https, and what to show.
  public var trust = Trust()
  /// How a partition is checked.
  public var verification = Verification.offeredDigest
  /// Bytes that the JSON of an answer may have.
  public var answerLimit = 256 * 1024 * 1024

  /// The defaults.
  public init() {}
}
