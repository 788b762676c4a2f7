@testable import Loader

/// Files that exist as bytes in memory, and what segments make of them: every turn of every loop written out.
struct MemoryFiles {
  /// The files' bytes.
  var files: [[UInt8]]

  /// The bytes that segments make.
  func bytes(of segments: some Sequence<Segment>) -> [UInt8] {
    var result: [UInt8] = []
    for segment in segments {
      switch segment.content {
      case .literal(let bytes): result += bytes
      case .zeros: result += Array(repeating: 0, count: segment.count)
      case .run(let file, let offset): result += files[file][offset..<offset + segment.count]
      case .gather(let gather): append(gather, loop: 0, indices: [], to: &result)
      case .transform: preconditionFailure("the algebra of layouts is compared without arithmetic")
      }
    }
    return result
  }

  private func append(_ gather: Gather, loop: Int, indices: [Int], to result: inout [UInt8]) {
    guard loop == gather.counts.count else {
      for index in 0..<gather.counts[loop] {
        append(gather, loop: loop + 1, indices: indices + [index], to: &result)
      }
      return
    }
    for strip in gather.strips {
      guard let file = strip.file else {
        result += Array(repeating: 0, count: strip.length)
        continue
      }
      let start = zip(indices, strip.strides).reduce(strip.offset) { $0 + $1.0 * $1.1 }
      append(files[file], at: start, strip.length, strip.repeats[...], to: &result)
    }
  }

  private func append(
    _ file: [UInt8], at start: Int, _ length: Int, _ loops: ArraySlice<Gather.Repeat>, to result: inout [UInt8]
  ) {
    guard let loop = loops.first else {
      result += file[start..<start + length]
      return
    }
    for index in 0..<loop.count {
      append(file, at: start + index * loop.stride, length, loops.dropFirst(), to: &result)
    }
  }

  /// The bytes of a tensor of a plan.
  func bytes(of tensor: PlannedTensor, in plan: PartitionPlan) -> [UInt8] {
    bytes(of: plan.segments[tensor.segments])
  }
}

/// The elements of a tensor, each as its bytes, in row-major order.
struct ElementArray: Equatable {
  let shape: [Int]
  let elements: [[UInt8]]

  /// A tensor of elements that are all different.
  init(shape: [Int], elementSize: Int, seed: Int) {
    self.shape = shape
    elements = (0..<shape.reduce(1, *)).map { index in
      let value = UInt64(truncatingIfNeeded: index &* 0x9E37_79B1 &+ seed &* 31 &+ 7)
      return (0..<elementSize).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0 % 8))) }
    }
  }

  init(shape: [Int], elements: [[UInt8]]) {
    self.shape = shape
    self.elements = elements
  }

  /// The bytes of all elements in order.
  var bytes: [UInt8] { elements.flatMap { $0 } }

  /// The positions of an axis that are named, in their order; nil is a row of zeros.
  func taking(_ positions: [Int?], axis: Int) -> ElementArray {
    var result = shape
    result[axis] = positions.count
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    let zero = Array(repeating: UInt8(0), count: elements.first?.count ?? 0)
    var taken: [[UInt8]] = []
    for block in 0..<outer {
      for position in positions {
        for offset in 0..<inner {
          taken.append(position.map { elements[(block * shape[axis] + $0) * inner + offset] } ?? zero)
        }
      }
    }
    return ElementArray(shape: result, elements: taken)
  }
}
