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

/// Decides how a whole partition is served, from its plan and where its sources lie.
///
/// `auto` keeps what costs clearly more to make again than to send from a file. The figures are seconds of the server's processor for
/// each GB sent, on the machine of `Benchmarks/RESULTS.md` (`Benchmarks/crossover.c`), where sending a ready file takes 0.13 and making
/// one about 0.9, its digest included: what takes 0.2 more each time pays for its file after a handful of requests.
///
/// | made as it is sent | s/GB |
/// | --- | --- |
/// | pieces of 4 KiB, 2 KiB, from where they lie | 0.16, 0.19 |
/// | pieces of 1 KiB, 512, 256, 128 bytes, copied, 4 times as far apart | 0.23, 0.23, 0.22, 0.25 |
/// | pieces of 64, 16, 4 bytes, 4 times as far apart | 0.25, 0.25, 0.27 |
/// | pieces of 256, 64, 16, 4 bytes, 64 times as far apart | 0.24, 0.39, 0.67, 2.0 |
struct CachePolicy: Sendable {
  /// What was configured.
  let mode: CacheMode

  /// Bytes below which `auto` makes a body anew each time: a file would cost more than the arithmetic.
  static let smallBody = 1 << 20
  /// Bytes of a piece below which collecting it costs much more than its copy, if it lies `smallPieceDistance` from the next: a cache line
  /// is read for each, and little of it is used.
  static let smallPiece = 64
  /// Bytes from a small piece to the next from which on it counts.
  static let smallPieceDistance = 256
  /// The part of a body, as one in so many, that may be costly before it is better kept.
  static let costlyShare = 4
  /// The part of the memory that is available, as one in so many, that a kept body may have: a larger one would be read from the disk
  /// each time, and drive out what it is made of.
  static let memoryShare = 2

  /// What a decision depends on beside the plan.
  struct Circumstances: Hashable, Sendable {
    /// Whether any of the sources lies on another machine.
    var isRemote = false
    /// Bytes that the machine has for files; nil where that is not known.
    var availableMemory: Int?
  }

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
  func decide(_ plan: PartitionPlan, _ circumstances: Circumstances = Circumstances()) -> Decision {
    switch mode {
    case .always: return Decision(way: .cached, reason: "cache.mode is always")
    case .never: return uncached(plan.costs, "cache.mode is never")
    case .auto: return decideByCost(plan, circumstances)
    }
  }

  private func decideByCost(_ plan: PartitionPlan, _ circumstances: Circumstances) -> Decision {
    if plan.length < CachePolicy.smallBody {
      return uncached(plan.costs, "the body has fewer than \(CachePolicy.smallBody) bytes")
    }
    let reason: String
    let (computed, small) = (CachePolicy.bytesNarrowed(of: plan), CachePolicy.bytesInSmallPieces(of: plan))
    if circumstances.isRemote {
      reason = "files of the checkpoint lie on another machine, and are read once"
    } else if computed > plan.length / CachePolicy.costlyShare {
      reason = "values are cast or quantized, which is done once and kept"
    } else if small > plan.length / CachePolicy.costlyShare {
      reason = "\(small) of \(plan.length) bytes are collected in pieces of fewer than \(CachePolicy.smallPiece) bytes"
    } else {
      return uncached(plan.costs, nil)
    }
    if let memory = circumstances.availableMemory, plan.length > memory / CachePolicy.memoryShare {
      return uncached(plan.costs, "a file of \(plan.length) bytes would not stay in the memory that is available")
    }
    return Decision(way: .cached, reason: reason)
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

  /// Bytes of a body that are collected in small pieces far apart, or element by element.
  static func bytesInSmallPieces(of plan: PartitionPlan) -> Int {
    plan.segments.reduce(0) { sum, segment in
      guard case .gather(let gather) = segment.content, gather.turn > 0 else { return sum }
      let small = gather.strips.reduce(0) { $0 + (isCostly($1) ? $1.turn : 0) }
      return sum + segment.count / gather.turn * small
    }
  }

  private static func isCostly(_ strip: Gather.Strip) -> Bool {
    guard strip.file != nil, strip.length < smallPiece else { return false }
    return !strip.repeats.isEmpty || (strip.strides.last ?? 0) >= smallPieceDistance
  }

  /// Bytes of a body that are computed from as many or more. What is made of fewer, a cast to a wider type, is sent as fast as it would
  /// be from a file (2.54 against 2.62 GB/s from bfloat16 to float32).
  static func bytesNarrowed(of plan: PartitionPlan) -> Int {
    plan.segments.reduce(0) { sum, segment in
      guard case .transform(let transform) = segment.content, transform.input.count >= segment.count else {
        return sum
      }
      return sum + segment.count
    }
  }
}
