public import Loader
internal import Platform

/// One tensor of a state dict: what it is, and its elements in place. It keeps the state dict's memory alive.
public struct TensorView: Sendable {
  /// Its name.
  public let name: String
  /// The type of its elements.
  public let dtype: DType
  /// Extents, outermost axis first; empty for a scalar.
  public let shape: [Int]
  /// Its bytes in the state dict's file, from the file's start.
  public let byteRange: Range<Int>
  private let memory: MemoryRegion?
  /// Its bytes in the memory.
  private let place: Range<Int>
  /// What the memory goes back to when no view of it is left.
  private let lease: RegionLease?

  /// A tensor that lies in memory, `shift` bytes before where it is in the file.
  init(
    _ tensor: SafetensorsHeader.Tensor, dataStart: Int, memory: MemoryRegion?, shift: Int = 0, lease: RegionLease? = nil
  ) {
    name = tensor.name
    dtype = tensor.dtype
    shape = tensor.shape
    byteRange = tensor.range.lowerBound + dataStart..<tensor.range.upperBound + dataStart
    place = byteRange.lowerBound - shift..<byteRange.upperBound - shift
    self.memory = memory
    self.lease = lease
  }

  /// A tensor without elements.
  init(empty tensor: SafetensorsHeader.Tensor, dataStart: Int) {
    self.init(tensor, dataStart: dataStart, memory: nil)
  }

  /// Elements in the tensor: the product of its extents.
  public var count: Int { shape.contains(0) ? 0 : byteRange.count * 8 / dtype.bitSize }

  /// Elements from one to the next along each axis: the tensor is contiguous, its last axis densest.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      // An empty tensor's extents may be any; a full one's product is its count.
      strides[axis] = strides[axis + 1].multipliedReportingOverflow(by: max(shape[axis + 1], 1)).partialValue
    }
    return strides
  }

  /// Lends the tensor's bytes.
  public func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let memory else { return try body(RawSpan()) }
    return try memory.withBytes(in: place, body)
  }

  /// Lends the tensor's elements, in row-major order.
  ///
  ///     let sum = try view.withSpan(of: Float.self) { span in span.indices.reduce(0) { $0 + span[$1] } }
  /// - Throws: `invalid_argument` where the type does not read this dtype; `failed_precondition` where the file has the tensor at
  ///   an address that is not aligned to its elements (this server's never has): `element(at:as:)` reads that too.
  public func withSpan<Element: TensorElement, Result>(
    of type: Element.Type, _ body: (Span<Element>) throws(WeightClientError) -> Result
  ) throws(WeightClientError) -> Result {
    try check(type)
    guard let memory else { return try body(Span()) }
    let result = try memory.withElements(of: type, in: place, body)
    guard let result else {
      throw WeightClientError(
        .local, .failedPrecondition,
        "tensor \(name.escaped) starts at byte \(byteRange.lowerBound) of its file, where \(type) is not aligned")
    }
    return result
  }

  /// One element, by its index along each axis.
  /// - Precondition: there is an index for each axis, within its extent, and the type reads this dtype.
  public subscript<Element: TensorElement>(_ index: Int..., as type: Element.Type) -> Element {
    element(at: index, as: type)
  }

  /// One element, by its index along each axis.
  /// - Precondition: there is an index for each axis, within its extent, and the type reads this dtype.
  public func element<Element: TensorElement>(at index: [Int], as type: Element.Type) -> Element {
    precondition(
      index.count == shape.count, "a tensor of \(shape.count) axes takes as many indices, not \(index.count)")
    precondition(reads(type), "\(type) does not read \(dtype.rawValue)")
    var offset = 0
    for (axis, position) in index.enumerated() {
      precondition(
        position >= 0 && position < shape[axis], "index \(position) is out of range: axis \(axis) is \(shape[axis])")
      offset = offset * shape[axis] + position
    }
    guard let memory else { preconditionFailure("an empty tensor has no element") }
    return memory.element(at: place.lowerBound + offset * MemoryLayout<Element>.size, as: type)
  }

  private func reads<Element: TensorElement>(_ type: Element.Type) -> Bool {
    Element.dtypes.contains(dtype) && MemoryLayout<Element>.size * 8 == dtype.bitSize
  }

  private func check<Element: TensorElement>(_ type: Element.Type) throws(WeightClientError) {
    guard reads(type) else {
      throw WeightClientError(
        .request, .invalidArgument, "\(type) does not read tensor \(name.escaped), which is \(dtype.rawValue)")
    }
  }
}
