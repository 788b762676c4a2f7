/// The pure description of a partition: the header of its safetensors body, and for each byte behind it where it comes from.
///
/// It is computed from metadata alone. Size, identity and table of tensors are answered from it, and any range of the body can be
/// executed without the rest.
public struct PartitionPlan: Sendable {
  /// The request it answers.
  public let parameters: PartitionParameters
  /// The identity of the checkpoint's content.
  public let revision: String
  /// The tensors, in body order.
  public let tensors: [PlannedTensor]
  /// The body: the header first, then the tensors, tiled exactly by segments.
  let body: SegmentList
  /// 32 hexadecimal digits over revision, name and parameters: equal wherever the same bytes would be served.
  public let identity: String

  /// The version of the rules and of the body's layout, part of every identity: raised when the same request gives other bytes.
  public static let rulesVersion = 1

  /// The segments, in body order, the header first: they tile the body exactly.
  public var segments: [Segment] { body.segments }
  /// Where each segment begins in the body.
  public var starts: [Int] { body.starts }
  /// Bytes of the body.
  public var length: Int { body.count }

  /// Segments that the plan keeps in memory, those of what is transformed among them.
  public var segmentCount: Int {
    segments.reduce(0) { count, segment in
      guard case .transform(let transform) = segment.content else { return count + 1 }
      return count + 1 + transform.input.segments.count
    }
  }

  /// Bytes of the body by what it takes to send them.
  public var costs: Costs {
    var costs = Costs()
    for segment in segments {
      switch segment.content {
      case .literal, .zeros: costs.literal += segment.count
      case .run: costs.direct += segment.count
      case .gather: costs.gathered += segment.count
      case .transform: costs.transformed += segment.count
      }
    }
    return costs
  }

  /// Bytes of a body by what it takes to send them.
  public struct Costs: Sendable, Hashable {
    /// Carried by the plan: the header, zeros.
    public var literal = 0
    /// The source's, verbatim.
    public var direct = 0
    /// Collected strip by strip.
    public var gathered = 0
    /// Computed.
    public var transformed = 0
  }
}

/// A tensor of a partition.
public struct PlannedTensor: Sendable, Hashable {
  /// Its name.
  public let name: String
  /// The element's type.
  public let dtype: DType
  /// What the rank holds.
  public let shape: [Int]
  /// Its bytes in the body.
  public let range: Range<Int>
  /// How the whole tensor is dealt.
  public let rule: Rule
  /// The extents of the whole tensor; a scale's own.
  public let wholeShape: [Int]
  /// How its values are made from the source's.
  public let scheme: TensorScheme
  /// Its segments, as indices of the plan's.
  public let segments: Range<Int>
  /// What it was made of, where its name is not the source's.
  public let origin: LogicalTensor.Origin?
}
