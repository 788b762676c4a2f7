package import HTTPTypes

/// How long a client is ready to wait, as gRPC and the Connect protocol say it.
package enum RequestTimeout {
  /// The time that `Connect-Timeout-Ms` or `grpc-timeout` gives, the shorter where both stand; nil where none does.
  /// - Throws: `invalid_argument` for a malformed one.
  package static func parse(_ fields: HTTPFields) throws(StatusError) -> Duration? {
    var shortest: Duration?
    if let text = fields[.connectTimeout] {
      guard text.utf8.count <= 10, let milliseconds = ASCII.decimal(text.utf8) else {
        throw StatusError(
          .invalidArgument, "Connect-Timeout-Ms '\(text.utf8.printable)' is not a number of at most 10 digits")
      }
      shortest = .milliseconds(milliseconds)
    }
    if let text = fields[.grpcTimeout] {
      guard text.utf8.count <= 9, let amount = ASCII.decimal(text.utf8.dropLast()), let unit = text.utf8.last,
        let timeout = duration(amount, unit: unit)
      else {
        throw StatusError(
          .invalidArgument,
          "grpc-timeout '\(text.utf8.printable)' is not at most 8 digits and one of the units H, M, S, m, u, n")
      }
      shortest = min(shortest ?? timeout, timeout)
    }
    return shortest
  }

  /// `amount` has at most eight digits, so nothing overflows.
  private static func duration(_ amount: Int, unit: UInt8) -> Duration? {
    switch unit {
    case UInt8(ascii: "H"): .seconds(amount * 3600)
    case UInt8(ascii: "M"): .seconds(amount * 60)
    case UInt8(ascii: "S"): .seconds(amount)
    case UInt8(ascii: "m"): .milliseconds(amount)
    case UInt8(ascii: "u"): .microseconds(amount)
    case UInt8(ascii: "n"): .nanoseconds(amount)
    default: nil
    }
  }
}
