package import HTTPTypes

/// The canonical gRPC status codes, by the names and with the HTTP statuses that the Connect protocol gives them
/// (connectrpc.com/docs/protocol, "Error codes").
package enum ErrorCode: String, Hashable, Sendable, CaseIterable {
  case canceled
  case unknown
  case invalidArgument = "invalid_argument"
  case deadlineExceeded = "deadline_exceeded"
  case notFound = "not_found"
  case alreadyExists = "already_exists"
  case permissionDenied = "permission_denied"
  case resourceExhausted = "resource_exhausted"
  case failedPrecondition = "failed_precondition"
  case aborted
  case outOfRange = "out_of_range"
  case unimplemented
  case internalError = "internal"
  case unavailable
  case dataLoss = "data_loss"
  case unauthenticated

  /// The HTTP status of an answer with this code, where HTTP itself does not ask for another.
  package var status: HTTPResponse.Status {
    switch self {
    case .canceled: HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")
    case .invalidArgument, .failedPrecondition, .outOfRange: .badRequest
    case .deadlineExceeded: .gatewayTimeout
    case .notFound: .notFound
    case .alreadyExists, .aborted: .conflict
    case .permissionDenied: .forbidden
    case .resourceExhausted: .tooManyRequests
    case .unimplemented: .notImplemented
    case .unknown, .internalError, .dataLoss: .internalServerError
    case .unavailable: .serviceUnavailable
    case .unauthenticated: .unauthorized
    }
  }

  /// The code that an HTTP status stands for where an answer's body names none (Connect's "HTTP to error code").
  package init(status: HTTPResponse.Status) {
    switch status.code {
    case 400: self = .internalError
    case 401: self = .unauthenticated
    case 403: self = .permissionDenied
    case 404: self = .unimplemented
    case 429, 502, 503, 504: self = .unavailable
    default: self = .unknown
    }
  }
}
