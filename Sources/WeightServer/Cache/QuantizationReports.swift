import Dispatch
import Loader
import Synchronization

/// Knows what quantization costs in partitions that were made: found by reading their weights, one partition at a time, behind all
/// other work. A plan's identity decides its bytes, so a report never changes.
final class QuantizationReports: Sendable {
  private struct State {
    var known: [String: QuantizationReport] = [:]
    var queued: Set<String> = []
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "weight-server.reports", qos: .background)

  /// Reports that are kept.
  private static let limit = 256
  /// Partitions that may wait for their report; whichever comes then is reported when it is made again.
  private static let queueLimit = 64

  /// The report of a plan, if it is known.
  subscript(id: String) -> QuantizationReport? { state.withLock { $0.known[id] } }

  /// A partition was made: finds its report, where it is quantized and that is not known.
  func wasMade(_ body: PartitionBody) {
    let id = body.plan.identity
    guard body.plan.parameters.quantization != .none else { return }
    let isNew = state.withLock { state in
      state.known[id] == nil && state.queued.count < QuantizationReports.queueLimit && state.queued.insert(id).inserted
    }
    guard isNew else { return }
    queue.async { [self] in
      // Where the sources changed, the requests themselves say so.
      let report = try? QuantizationReport(body)
      state.withLock { state in
        if state.known.count >= QuantizationReports.limit { state.known.removeAll(keepingCapacity: true) }
        state.known[id] = report
        state.queued.remove(id)
      }
    }
  }
}
