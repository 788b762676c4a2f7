/// How a whole tensor is dealt to the ranks of a tensor-parallel group: along at most one axis.
public struct Rule: Sendable, Hashable {
  /// The axis that is dealt; nil where every rank holds the whole tensor.
  public let axis: Int?
  /// How it is dealt; `whole` where there is no axis.
  public let form: AxisForm

  /// Every rank holds the whole tensor.
  public static let replicated = Rule(axis: nil, form: .whole)

  /// A tensor dealt along an axis.
  public init(axis: Int?, form: AxisForm) {
    self.axis = form == .whole ? nil : axis
    self.form = axis == nil ? .whole : form
  }

  /// The intervals along the axis that a rank holds of a whole tensor of a shape.
  public func held(rank: Int, mp: Int, shape: [Int]) throws(AxisForm.Failure) -> [AxisInterval] {
    guard let axis else { return [] }
    guard shape.indices.contains(axis) else { throw .malformed("it has no axis \(axis)") }
    return try form.held(rank: rank, mp: mp, extent: shape[axis])
  }

  /// The shape of what a rank holds.
  public func shape(rank: Int, mp: Int, of whole: [Int]) throws(AxisForm.Failure) -> [Int] {
    guard let axis else { return whole }
    var shape = whole
    shape[axis] = try held(rank: rank, mp: mp, shape: whole).extent
    return shape
  }

  /// Whether a whole tensor of a shape can be dealt to that many ranks.
  public func allows(mp: Int, shape: [Int]) -> Bool {
    guard let axis else { return true }
    return shape.indices.contains(axis) && form.allows(mp: mp, extent: shape[axis])
  }
}

extension Rule: CustomStringConvertible {
  /// The rule as `/plan` and `inspect` print it, such as `split(dim 0, units of 128)`.
  public var description: String {
    guard let axis else { return "replicated" }
    return "\(form.verb)(dim \(axis)\(form.detail))"
  }
}

extension AxisForm {
  fileprivate var verb: String {
    switch self {
    case .whole: "replicated"
    case .units(_, .whole?): "split or repeat"
    case .units: "split"
    case .parts: "parts"
    case .each: "each"
    case .padded: "vocabulary"
    case .section: "section"
    case .aligned(_, let form), .blocks(_, _, let form): form.verb
    }
  }

  fileprivate var detail: String {
    switch self {
    case .whole: ""
    case .units(1, _): ""
    case .units(let length, _): ", units of \(length)"
    case .parts(let parts):
      ": " + parts.map { "\($0.extent) \($0.form.verb)\($0.form.detail)" }.joined(separator: " | ")
    case .each(let count, let form): ", \(count) groups: \(form.verb)\(form.detail)"
    case .padded(let multiple): multiple == 1 ? "" : ", multiple of \(multiple)"
    case .section(let start, let count): ", \(count) from \(start)"
    case .aligned(let block, let form): "\(form.detail), blocks of \(block)"
    case .blocks(let block, _, let form): "\(form.detail), a scale for blocks of \(block)"
    }
  }
}
