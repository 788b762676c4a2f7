import Loader

/// When a partition is served from the cache.
package enum CacheMode: String, Sendable, CaseIterable {
  /// Where making it costs more than sending it.
  case auto
  /// Always.
  case always
  /// Never.
  case never
}

/// Decides how a whole partition is served, from its plan alone.
struct CachePolicy: Sendable {
  /// What was configured.
  let mode: CacheMode

  /// Bytes below which `auto` makes a body anew each time: a file would cost more than the arithmetic.
  static let smallBody = 1 << 20
  /// Bytes of a piece below which collecting it costs much more than its copy.
  static let smallPiece = 512
  /// The part of a body, as one in so many, that small pieces may be in it before it is better kept.
  static let smallPieceShare = 4

  /// How a body is served.
  enum Way: String, Sendable {
    /// From the source's files as it is sent.
    case direct
    /// From a file of the cache.
    case cached
    /// Made in windows as it is sent, each range alone.
    case ranged
  }

  /// How, and why.
  struct Decision: Hashable, Sendable {
    let way: Way
    let reason: String
  }

  /// The decision for a plan.
  func decide(_ plan: PartitionPlan) -> Decision {
    let costs = plan.costs
    switch mode {
    case .always: return Decision(way: .cached, reason: "cache.mode is always")
    case .never:
      return uncached(costs, "cache.mode is never")
    case .auto:
      if plan.length < CachePolicy.smallBody {
        return uncached(costs, "the body has fewer than \(CachePolicy.smallBody) bytes")
      }
      if costs.transformed > 0 {
        return Decision(way: .cached, reason: "values are cast or quantized, which is done once and kept")
      }
      let small = CachePolicy.bytesInSmallPieces(of: plan)
      if small > plan.length / CachePolicy.smallPieceShare {
        let size = CachePolicy.smallPiece
        return Decision(
          way: .cached, reason: "\(small) of \(plan.length) bytes are collected in pieces of fewer than \(size) bytes")
      }
      return uncached(costs, nil)
    }
  }

  private func uncached(_ costs: PartitionPlan.Costs, _ condition: String?) -> Decision {
    let suffix = condition.map { ", and \($0)" } ?? ""
    if costs.transformed > 0 {
      return Decision(way: .ranged, reason: "values are cast or quantized in windows as they are sent\(suffix)")
    }
    if costs.gathered > 0 {
      return Decision(
        way: .direct,
        reason: "runs are sent from their files, gathers are collected in windows as they are sent\(suffix)")
    }
    return Decision(way: .direct, reason: "all bytes are the source's, verbatim\(suffix)")
  }

  /// Bytes of a body that are collected in small pieces.
  static func bytesInSmallPieces(of plan: PartitionPlan) -> Int {
    plan.segments.reduce(0) { sum, segment in
      guard case .gather(let gather) = segment.content, gather.turn > 0 else { return sum }
      let small = gather.strips.reduce(0) { $0 + ($1.length < smallPiece ? $1.turn : 0) }
      return sum + segment.count / gather.turn * small
    }
  }
}
