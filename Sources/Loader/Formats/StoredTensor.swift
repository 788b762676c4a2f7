/// A tensor as a file holds it: what it is and where its elements lie. No element has been read.
public struct StoredTensor: Sendable, Hashable {
  /// The element's type.
  public var dtype: DType
  /// Extents, outermost axis first; empty for a scalar.
  public var shape: [Int]
  /// Where the elements are.
  public var location: Location

  /// Where the elements of a tensor lie in a file.
  public struct Location: Sendable, Hashable {
    /// The file's index in the checkpoint's `FileTable`.
    public var file: Int
    /// The first element's offset in the file, in bytes.
    public var offset: Int
    /// Bytes from an element to the next along each axis; nil where the tensor is contiguous and row-major.
    public var strides: [Int]?
    /// The CRC-32 that the container states for exactly these bytes, where it does: equal replicas are told by it unread.
    public var checksum: UInt32?

    /// A place in a file.
    public init(file: Int, offset: Int, strides: [Int]? = nil, checksum: UInt32? = nil) {
      self.file = file
      self.offset = offset
      self.strides = strides
      self.checksum = checksum
    }
  }

  /// A tensor at a place whose bounds the reader has checked against the file.
  public init(dtype: DType, shape: [Int], location: Location) {
    self.dtype = dtype
    self.shape = shape
    self.location = location
  }

  /// Bytes from an element to the next along each axis, contiguous or not.
  public var strides: [Int] {
    if let strides = location.strides { return strides }
    var strides = [Int](repeating: 0, count: shape.count)
    var step = dtype.byteSize ?? 1
    for axis in shape.indices.reversed() {
      strides[axis] = step
      step = step.multipliedReportingOverflow(by: max(shape[axis], 1)).partialValue
    }
    return strides
  }

  /// The bytes of the tensor when it is written contiguously; the reader has checked that they can be counted.
  public var byteCount: Int { dtype.byteCount(shape: shape) ?? 0 }
}
