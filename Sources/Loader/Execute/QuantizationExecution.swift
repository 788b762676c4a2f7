import CKernels
import Platform

/// Executes ranges of what a tensor is quantized to. A range looks at the groups that it touches and no others; small groups
/// are read whole, a large one in two passes: for its extremes, then for its values.
struct QuantizationExecution {
  /// The source's numbers.
  private(set) var numbers: FloatReader
  let quantization: GroupQuantization
  private let tensor: Int

  init(_ quantization: GroupQuantization, _ numbers: FloatReader, tensor: Int) throws(LoaderError) {
    guard quantization.groupSize > 0 else { throw LoaderError(.dataLoss, "a group of no values has no scale") }
    self.quantization = quantization
    self.numbers = numbers
    self.tensor = tensor
  }

  /// Makes the bytes `range` of one of the tensors in memory that is as long.
  @unsafe mutating func execute(
    _ part: GroupQuantization.Part, _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(LoaderError) {
    switch (part, quantization.scheme) {
    case (.values, .int8): unsafe try bytes(range, into: destination)
    case (.values, .int4): unsafe try nibbles(range, into: destination)
    case (.scales, _): unsafe try floats(range, into: destination) { $0.scale }
    case (.zeros, _): unsafe try floats(range, into: destination) { $0.zero }
    }
  }

  /// Hands on the numbers of a range in pieces that lie in one group each, with what the group is quantized by.
  @unsafe mutating func forEachPiece(
    of range: Range<Int>, _ body: (Range<Int>, UnsafePointer<Float>, GroupQuantization.Parameters) -> Void
  ) throws(LoaderError) {
    let size = quantization.groupSize
    var position = range.lowerBound
    while position < range.upperBound {
      let group = position / size
      if size > FloatReader.tile {
        let parameters = try parameters(ofLarge: group)
        let end = min(position + FloatReader.tile, (group + 1) * size, range.upperBound)
        let floats = unsafe try numbers.read(position..<end)
        if let base = floats.baseAddress { unsafe body(position..<end, base, parameters) }
        position = end
      } else {
        let last = min(group + FloatReader.tile / size, (range.upperBound + size - 1) / size)
        let floats = unsafe try numbers.read(group * size..<last * size)
        guard let base = floats.baseAddress else { return }
        for each in group..<last {
          // SAFETY: the group's numbers were read, and the piece lies within the group.
          let start = unsafe base.advanced(by: (each - group) * size)
          let parameters = unsafe parameters(of: start)
          let piece = max(position, each * size)..<min((each + 1) * size, range.upperBound)
          unsafe body(piece, start.advanced(by: piece.lowerBound - each * size), parameters)
          position = piece.upperBound
        }
      }
    }
  }

  // MARK: Parameters

  /// What a small group is quantized by, given its numbers.
  @unsafe private func parameters(of group: UnsafePointer<Float>) -> GroupQuantization.Parameters {
    var least: Float = 0
    var greatest: Float = 0
    unsafe kernels_extremes(FloatKernels.level, group, quantization.groupSize, &least, &greatest)
    return quantization.parameters(least: least, greatest: greatest)
  }

  private mutating func parameters(ofLarge group: Int) throws(LoaderError) -> GroupQuantization.Parameters {
    let key = GroupExtremes.Key(tensor: tensor, group: group)
    if let known = numbers.extremes[key] {
      return quantization.parameters(least: known.least, greatest: known.greatest)
    }
    let size = quantization.groupSize
    // The extremes of tiles are numbers of the group, -0 apart from 0 and NaN among them, so theirs are the group's.
    var least: [Float] = []
    var greatest: [Float] = []
    for start in stride(from: group * size, to: (group + 1) * size, by: FloatReader.tile) {
      let floats = unsafe try numbers.read(start..<min(start + FloatReader.tile, (group + 1) * size))
      guard let base = floats.baseAddress else { continue }
      var low: Float = 0
      var high: Float = 0
      unsafe kernels_extremes(FloatKernels.level, base, floats.count, &low, &high)
      least.append(low)
      greatest.append(high)
    }
    var found = (least: Float(0), greatest: Float(0), unused: Float(0))
    unsafe kernels_extremes(FloatKernels.level, least, least.count, &found.least, &found.unused)
    unsafe kernels_extremes(FloatKernels.level, greatest, greatest.count, &found.unused, &found.greatest)
    numbers.extremes[key] = GroupExtremes.Extremes(least: found.least, greatest: found.greatest)
    return quantization.parameters(least: found.least, greatest: found.greatest)
  }

  // MARK: Results

  @unsafe private mutating func bytes(
    _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(LoaderError) {
    guard let start = unsafe destination.baseAddress?.assumingMemoryBound(to: Int8.self) else { return }
    unsafe try forEachPiece(of: range) { piece, floats, parameters in
      // SAFETY: the piece lies within `range`, for which there is room.
      unsafe kernels_quantize8(
        FloatKernels.level, floats, start.advanced(by: piece.lowerBound - range.lowerBound), piece.count,
        parameters.multiplier)
    }
  }

  @unsafe private mutating func nibbles(
    _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer
  ) throws(LoaderError) {
    guard let start = unsafe destination.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    let scratch = ByteBuffer(capacity: FloatReader.tile)
    guard let values = unsafe scratch.storage.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    let first = range.lowerBound * 2
    unsafe try forEachPiece(of: first..<range.upperBound * 2) { piece, floats, parameters in
      unsafe kernels_quantize4(
        FloatKernels.level, floats, values, piece.count, parameters.zero, parameters.scale)
      // SAFETY: a piece has at most a tile of numbers and lies within the range's; where a group ends within a byte, the byte's
      // low nibble was written with the piece before.
      var to = unsafe start.advanced(by: (piece.lowerBound - first) / 2)
      var from = unsafe UnsafePointer(values)
      var count = piece.count
      if piece.lowerBound % 2 == 1 {
        unsafe to.pointee |= from.pointee << 4
        unsafe to = to.advanced(by: 1)
        unsafe from = from.advanced(by: 1)
        count -= 1
      }
      unsafe kernels_pack4(FloatKernels.level, from, to, count / 2)
      if count % 2 == 1 { unsafe to[count / 2] = from[count - 1] }
    }
  }

  @unsafe private mutating func floats(
    _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer,
    _ value: (GroupQuantization.Parameters) -> Float
  ) throws(LoaderError) {
    let size = MemoryLayout<Float>.size
    var group = range.lowerBound / size
    let last = (range.upperBound + size - 1) / size
    while group < last {
      let parameters = try parameters(from: group, to: last)
      for found in parameters {
        let bits = value(found).bitPattern.littleEndian
        for byte in 0..<size {
          let place = group * size + byte
          // SAFETY: bytes of the range only, for which there is room.
          if range.contains(place) {
            unsafe destination[place - range.lowerBound] = UInt8(truncatingIfNeeded: bits >> (8 * UInt32(byte)))
          }
        }
        group += 1
      }
    }
  }

  /// What groups from one on are quantized by, as many as are read at once.
  private mutating func parameters(from first: Int, to last: Int) throws(LoaderError) -> [GroupQuantization.Parameters]
  {
    let size = quantization.groupSize
    if size > FloatReader.tile { return [try parameters(ofLarge: first)] }
    let end = min(first + FloatReader.tile / size, last)
    let floats = unsafe try numbers.read(first * size..<end * size)
    guard let base = floats.baseAddress else { return [] }
    // SAFETY: all of these groups were read.
    return (first..<end).map { unsafe parameters(of: base.advanced(by: ($0 - first) * size)) }
  }
}
