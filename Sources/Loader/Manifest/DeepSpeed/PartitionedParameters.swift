/// The parameters of a ZeRO-3 run, each of which is cut into as many equal runs of elements as there are data-parallel ranks.
///
/// Source: DeepSpeed `utils/zero_to_fp32.py`, `_zero3_merge_trainable_params` and `GatheredTensor`: a rank's flat groups, one after
/// the other, hold its run of each parameter in the order of `param_shapes`; the last run is padded, and a run may begin in one group
/// and end in the next.
struct PartitionedParameters {
  /// Each rank's flat groups.
  private let ranks: [[StoredTensor]]
  /// Elements of all groups of a rank.
  let count: Int
  /// Elements of a rank that have been taken.
  private(set) var position = 0

  /// Parameters of ranks that hold equally many elements in contiguous vectors of one type.
  /// - Throws: what is wrong, without a file's name.
  init(_ ranks: [[StoredTensor]]) throws(LoaderError) {
    self.ranks = ranks
    let groups = ranks.first ?? []
    var count = 0
    for group in groups {
      let (sum, overflow) = count.addingReportingOverflow(group.shape.first ?? 0)
      guard !overflow else { throw LoaderError(.invalidCheckpoint, "holds more elements than can be counted") }
      count = sum
    }
    self.count = count
    for (rank, own) in ranks.enumerated() {
      let isAlike = own.count == groups.count && zip(own, groups).allSatisfy { $0.shape == $1.shape }
      guard isAlike, own.allSatisfy({ $0.shape.count == 1 && $0.location.strides == nil }) else {
        throw LoaderError(
          .invalidCheckpoint,
          "data-parallel rank \(rank) holds other flat groups than rank 0: parts of different saves?")
      }
      guard own.allSatisfy({ $0.dtype == groups[0].dtype && $0.dtype.byteSize != nil }) else {
        throw LoaderError(.invalidCheckpoint, "data-parallel rank \(rank) holds flat groups of several dtypes")
      }
    }
  }

  /// Takes the next parameter.
  /// - Throws: an error where the groups do not hold it.
  mutating func next(_ name: String, shape: [Int]) throws(LoaderError) -> WholeTensor {
    guard let dtype = ranks.first?.first?.dtype, let size = dtype.byteSize,
      let bytes = dtype.byteCount(shape: shape), shape.count <= TorchLayout.rankLimit
    else {
      throw LoaderError(.invalidCheckpoint, "\(name.escaped) has the shape \(shape), which no flat group holds")
    }
    let elements = bytes / size
    let part = elements / ranks.count + (elements % ranks.count == 0 ? 0 : 1)
    guard part <= count - position else {
      throw LoaderError(
        .invalidCheckpoint,
        "\(name.escaped) of shape \(shape) needs \(part) elements of each rank, and \(count - position) are left")
    }
    var boxes: [Box] = []
    for (rank, groups) in ranks.enumerated() {
      // Both products are at most the elements of the parameter and one part more.
      let run = min(rank * part, elements)..<min((rank + 1) * part, elements)
      for piece in pieces(of: run, in: groups, elementSize: size) { boxes += piece.boxes(of: shape, elementSize: size) }
    }
    position += part
    return WholeTensor(name: name, dtype: dtype, shape: shape, boxes: boxes)
  }

  /// Where a rank's groups hold a run of elements that begins at the position.
  private func pieces(of run: Range<Int>, in groups: [StoredTensor], elementSize: Int) -> [FlatPartition] {
    var pieces: [FlatPartition] = []
    var groupStart = 0
    var taken = run.lowerBound
    for group in groups {
      let groupEnd = groupStart + group.shape[0]
      let start = position + (taken - run.lowerBound)
      if start >= groupStart, start < groupEnd, taken < run.upperBound {
        let count = min(groupEnd - start, run.upperBound - taken)
        pieces.append(
          FlatPartition(
            range: taken..<taken + count, file: group.location.file,
            offset: group.location.offset + (start - groupStart) * elementSize))
        taken += count
      }
      groupStart = groupEnd
    }
    return pieces
  }
}
