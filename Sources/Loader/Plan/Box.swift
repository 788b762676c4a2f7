/// A block of a tensor that lies in one file at regular distances, or a block of zeros.
struct Box: Sendable, Hashable {
  /// Its first position along each axis of the tensor.
  var origin: [Int]
  /// Positions along each axis.
  var shape: [Int]
  /// The file that holds it; nil for zeros.
  var file: Int?
  /// Where its first element lies in the file, in bytes.
  var offset: Int
  /// Bytes from an element to the next along each axis; zeros where there is no file.
  var strides: [Int]

  /// A block of zeros.
  init(zerosAt origin: [Int], shape: [Int]) {
    self.origin = origin
    self.shape = shape
    file = nil
    offset = 0
    strides = Array(repeating: 0, count: shape.count)
  }

  /// A whole stored tensor, placed at a position of a larger one.
  init(_ stored: StoredTensor, at origin: [Int]) {
    self.origin = origin
    shape = stored.shape
    file = stored.location.file
    offset = stored.location.offset
    strides = stored.strides
  }

  /// The part of the block at `range` of an axis (in the tensor's positions), or nil where it has none.
  func clipped(axis: Int, to range: Range<Int>) -> Box? {
    let low = max(range.lowerBound, origin[axis])
    let high = min(range.upperBound, origin[axis] + shape[axis])
    guard low < high else { return nil }
    var box = self
    box.offset += (low - origin[axis]) * strides[axis]
    box.origin[axis] = low
    box.shape[axis] = high - low
    return box
  }
}
