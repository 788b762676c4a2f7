/// Everything that can go wrong between a request and its result.
///
/// The message is one line: what was wrong, with which value, and what would be right. Text that came from the server or a file
/// is escaped in it.
public struct WeightClientError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Who found the fault.
  public enum Origin: Sendable, Hashable {
    /// The request itself is not one that can be sent.
    case request
    /// The server answered with an error.
    case server
    /// The server was not reached, or the connection broke or stalled.
    case connection
    /// An answer arrived that is not what it has to be: not HTTP, not safetensors, another digest.
    case content
    /// A file or memory on this side.
    case local
  }

  /// The canonical gRPC codes in snake case, as the Connect protocol writes them.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// The task was cancelled.
    case canceled
    /// A failure that has no better name.
    case unknown
    /// A parameter that can never be right.
    case invalidArgument = "invalid_argument"
    /// Time passed before an answer, or between two bytes of it.
    case deadlineExceeded = "deadline_exceeded"
    /// No such model, tensor, path or file.
    case notFound = "not_found"
    /// Something is there already.
    case alreadyExists = "already_exists"
    /// The token does not allow this.
    case permissionDenied = "permission_denied"
    /// A limit of the server, or the disk's space.
    case resourceExhausted = "resource_exhausted"
    /// A well-formed request that this checkpoint cannot serve.
    case failedPrecondition = "failed_precondition"
    /// The content changed, or another transfer holds the file.
    case aborted
    /// A range beyond the end.
    case outOfRange = "out_of_range"
    /// Not offered.
    case unimplemented
    /// A rule of the protocol was broken.
    case internalError = "internal"
    /// Not reachable, loading or shutting down.
    case unavailable
    /// Bytes that are not what they have to be.
    case dataLoss = "data_loss"
    /// A token is missing or wrong.
    case unauthenticated
  }

  /// Who found the fault.
  public let origin: Origin
  /// What kind of fault it is; the server's own code where it gave one.
  public let code: Code
  /// What was wrong, with which value, and what would be right.
  public let message: String
  /// The server's `X-Request-Id`, by which its log has the request.
  public var requestID: String?
  /// The HTTP status of the answer, if there was one.
  public var status: Int?
  /// How long the server asks to wait before another try.
  public var retryAfter: Duration?

  /// An error with a message.
  public init(
    _ origin: Origin, _ code: Code, _ message: String, requestID: String? = nil, status: Int? = nil,
    retryAfter: Duration? = nil
  ) {
    self.origin = origin
    self.code = code
    self.message = message
    self.requestID = requestID
    self.status = status
    self.retryAfter = retryAfter
  }

  /// Whether the same request may succeed later: what is wrong is the moment, not the request.
  public var isRetryable: Bool {
    switch origin {
    case .request, .local, .content: false
    case .connection: code == .unavailable || code == .deadlineExceeded
    case .server: [.unavailable, .resourceExhausted, .deadlineExceeded].contains(code)
    }
  }

  /// The error as one line, with the server's code and request id where there are any.
  public var description: String {
    guard origin == .server else { return message }
    return "\(code.rawValue): \(message)" + (requestID.map { " (request \($0))" } ?? "")
  }
}
