import Synchronization
import Transport

/// How many partitions are computed at a time as they are sent: cast, quantized, transposed.
final class ExecutionLimit: Sendable {
  /// Partitions at a time.
  let limit: Int
  private let meter: LimitMeter
  private let count = Atomic(0)

  init(limit: Int, meter: LimitMeter = LimitMeter()) {
    self.limit = limit
    self.meter = meter
  }

  /// Partitions that are being computed.
  var running: Int { count.load(ordering: .relaxed) }

  /// One that is counted as long as this is referred to.
  final class Permit: Sendable {
    private let limit: ExecutionLimit

    fileprivate init(_ limit: ExecutionLimit) { self.limit = limit }

    deinit { limit.count.wrappingSubtract(1, ordering: .relaxed) }
  }

  /// Counts one more, if there is room for it beside others that are computed.
  /// - Throws: `resource_exhausted`.
  func begin(beside others: Int, for request: Request) throws(StatusError) -> Permit {
    let now = count.wrappingAdd(1, ordering: .relaxed).newValue
    let permit = Permit(self)
    if now + others <= limit { return permit }
    let error = StatusError(
      .resourceExhausted, "\(limit) partitions are being computed already: try again later", limit: .executions)
    meter.refused(error, request.remoteAddress)
    throw error
  }
}
