/// Where a strided tensor's elements lie within its storage, from what `_rebuild_tensor_v2` is given.
struct TorchLayout: Hashable, Sendable {
  /// Most dimensions of a tensor. Source: ATen's own limit for most operations.
  static let rankLimit = 64

  /// The first element's offset in the storage, in bytes.
  let offset: UInt64
  /// One past the last byte of the farthest element, in bytes; the offset for a tensor without elements.
  let end: UInt64
  /// Bytes from an element to the next along each axis; nil where the tensor is contiguous and row-major.
  let strides: [Int]?

  /// Checks sizes and strides, which are in elements, and counts their bytes without overflow.
  /// - Throws: what is wrong, without the file's name.
  init(offset: Int, size: [Int], stride: [Int], element: Int) throws(LoaderError) {
    guard size.count == stride.count else {
      throw TorchLayout.invalid("\(size.count) sizes and \(stride.count) strides")
    }
    guard size.count <= TorchLayout.rankLimit else {
      throw TorchLayout.invalid("\(size.count) dimensions; at most \(TorchLayout.rankLimit) are read")
    }
    guard offset >= 0, size.allSatisfy({ $0 >= 0 }), stride.allSatisfy({ $0 >= 0 }) else {
      throw TorchLayout.invalid("a negative size, stride or offset")
    }
    guard let steps = TorchLayout.scale(stride, by: element), let start = TorchLayout.scale([offset], by: element)?[0],
      let end = TorchLayout.end(start: start, size: size, steps: steps, element: element),
      TorchLayout.count(size, element: element) != nil
    else {
      throw TorchLayout.invalid("so many elements that their bytes cannot be counted")
    }
    self.offset = UInt64(start)
    self.end = UInt64(end)
    strides = TorchLayout.isContiguous(size, steps: steps, element: element) ? nil : steps
  }

  private static func invalid(_ what: String) -> LoaderError {
    LoaderError(.invalidCheckpoint, "has a tensor with \(what)")
  }

  private static func scale(_ values: [Int], by factor: Int) -> [Int]? {
    var result: [Int] = []
    for value in values {
      let (product, overflow) = value.multipliedReportingOverflow(by: factor)
      if overflow { return nil }
      result.append(product)
    }
    return result
  }

  /// The bytes of the tensor when it is written contiguously.
  private static func count(_ size: [Int], element: Int) -> Int? {
    var count = element
    for extent in size where extent > 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      count = product
    }
    return size.contains(0) ? 0 : count
  }

  private static func end(start: Int, size: [Int], steps: [Int], element: Int) -> Int? {
    if size.contains(0) { return start }
    var last = start
    for (extent, step) in zip(size, steps) {
      let (reach, tooFar) = (extent - 1).multipliedReportingOverflow(by: step)
      let (sum, overflow) = last.addingReportingOverflow(reach)
      if tooFar || overflow { return nil }
      last = sum
    }
    let (end, overflow) = last.addingReportingOverflow(element)
    return overflow ? nil : end
  }

  private static func isContiguous(_ size: [Int], steps: [Int], element: Int) -> Bool {
    if size.contains(0) { return true }
    var step = element
    for axis in size.indices.reversed() where size[axis] != 1 {
      if steps[axis] != step { return false }
      // Cannot overflow: the whole count was counted before.
      step *= size[axis]
    }
    return true
  }
}
