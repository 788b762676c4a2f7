/// Puts a whole tensor together from what each rank of the source's tensor-parallel group holds.
struct ShardAssembler {
  /// The model's numbers, as the source was cut by them.
  let geometry: Geometry
  /// Whether every rank of the source holds the vocabulary whole, as those of DeepSpeed's inference dumps do.
  var holdsVocabularyWhole = false

  /// What became of one tensor's shards.
  struct Result {
    /// The whole tensor.
    let tensor: LogicalTensor
    /// Ranks whose copy of what several hold is known to differ from the first holder's.
    let differing: [Int]
  }

  /// Assembles a tensor of a role.
  /// - Parameter shards: what the ranks 0, 1, 2 … hold of it.
  /// - Throws: a `LoaderError` that says how the shards contradict the role or one another.
  func assemble(name: String, role: Role, shards: [StoredTensor]) throws(LoaderError) -> Result {
    guard let first = shards.first else { throw LoaderError(.invalidCheckpoint, "\(name.escaped) is held by no rank") }
    for (rank, shard) in shards.enumerated() {
      guard shard.dtype == first.dtype else {
        throw LoaderError(
          .invalidCheckpoint,
          "\(name.escaped) is \(first.dtype.rawValue) on rank 0 and \(shard.dtype.rawValue) on rank \(rank): shards of a"
            + " tensor have one dtype")
      }
    }
    let isWhole = holdsVocabularyWhole && role == .vocabulary
    guard shards.count > 1, !isWhole, let axis = role.axis(rank: first.shape.count) else {
      return try replicated(name, role, shards)
    }
    try checkShapes(name, shards, axis: axis)
    let (shape, form) = try whole(name, role, shards, axis: axis)
    return try split(name, role, shards, axis: axis, shape: shape, form: form)
  }

  /// A tensor that is whole already.
  /// - Throws: an error where its shape contradicts its role.
  func check(_ whole: WholeTensor, role: Role) throws(LoaderError) -> LogicalTensor {
    do throws(AxisForm.Failure) {
      _ = try role.rule(shape: whole.shape, geometry: geometry)
    } catch {
      throw unusable(whole.name, whole.shape, error)
    }
    return LogicalTensor(name: whole.name, dtype: whole.dtype, shape: whole.shape, role: role, boxes: whole.boxes)
  }

  private func replicated(_ name: String, _ role: Role, _ shards: [StoredTensor]) throws(LoaderError) -> Result {
    let first = shards[0]
    for (rank, shard) in shards.enumerated() where shard.shape != first.shape {
      throw LoaderError(
        .invalidCheckpoint,
        "\(name.escaped) is held whole by every rank, but has shape \(first.shape) on rank 0 and \(shard.shape) on rank"
          + " \(rank)")
    }
    do throws(AxisForm.Failure) {
      _ = try role.rule(shape: first.shape, geometry: geometry)
    } catch {
      throw unusable(name, first.shape, error)
    }
    let copies = shards.map { Box($0, at: Array(repeating: 0, count: first.shape.count)) }
    var tensor = LogicalTensor(
      name: name, dtype: first.dtype, shape: first.shape, role: role, boxes: [copies[0]])
    let areEqual =
      first.location.checksum != nil && shards.allSatisfy { $0.location.checksum == first.location.checksum }
    if shards.count > 1, !areEqual { tensor.replicas = copies }
    return Result(tensor: tensor, differing: shards.indices.filter { differ(shards[$0], first) })
  }

  /// Shards agree on every axis but the one that is cut.
  private func checkShapes(_ name: String, _ shards: [StoredTensor], axis: Int) throws(LoaderError) {
    let first = shards[0]
    for (rank, shard) in shards.enumerated() {
      let agrees =
        shard.shape.count == first.shape.count
        && shard.shape.indices.allSatisfy { $0 == axis || shard.shape[$0] == first.shape[$0] }
      guard agrees else {
        throw LoaderError(
          .invalidCheckpoint,
          "\(name.escaped) has shape \(first.shape) on rank 0 and \(shard.shape) on rank \(rank), which can differ only in"
            + " dim \(axis)")
      }
    }
  }

  /// The whole tensor's shape and form: those under which every rank holds exactly as much as its shard has.
  ///
  /// The sum of the shards is tried first; where heads are repeated, a rank's share tells how many rows a head has.
  private func whole(
    _ name: String, _ role: Role, _ shards: [StoredTensor], axis: Int
  ) throws(LoaderError) -> (shape: [Int], form: AxisForm) {
    var sum = 0
    for shard in shards {
      let (next, overflow) = sum.addingReportingOverflow(shard.shape[axis])
      guard !overflow else { throw LoaderError(.invalidCheckpoint, "\(name.escaped) is larger than can be counted") }
      sum = next
    }
    var failure: AxisForm.Failure?
    let repeated = role.wholeExtent(
      axis: axis, ofShard: shards[0].shape, mp: shards.count, geometry: geometry)
    for extent in [sum, repeated].compactMap({ $0 }) {
      do throws(AxisForm.Failure) {
        var shape = shards[0].shape
        shape[axis] = extent
        let form = try sourceForm(role, shape: shape)
        var fits = true
        for (rank, shard) in shards.enumerated() where fits {
          fits = try form.held(rank: rank, mp: shards.count, extent: extent).extent == shard.shape[axis]
        }
        if fits { return (shape, form) }
      } catch {
        failure = failure ?? error
      }
    }
    var shape = shards[0].shape
    shape[axis] = sum
    throw unusable(name, shape, failure ?? .malformed("ranks hold \(shards.map { $0.shape[axis] }) of dim \(axis)"))
  }

  /// A source's vocabulary was padded before it was cut: its shards are equal rows with no padding of ours.
  private func sourceForm(_ role: Role, shape: [Int]) throws(AxisForm.Failure) -> AxisForm {
    role == .vocabulary ? .positions : try role.rule(shape: shape, geometry: geometry).form
  }

  private func split(
    _ name: String, _ role: Role, _ shards: [StoredTensor], axis: Int, shape: [Int], form: AxisForm
  ) throws(LoaderError) -> Result {
    guard shards[0].dtype.byteCount(shape: shape) != nil else {
      throw LoaderError(.invalidCheckpoint, "\(name.escaped) of shape \(shape) is larger than can be counted")
    }
    var owners: [AxisInterval: Int] = [:]
    var owned: [Range<Int>] = []
    var boxes: [Box] = []
    var differing: [Int] = []
    for (rank, shard) in shards.enumerated() {
      let intervals: [AxisInterval]
      do throws(AxisForm.Failure) {
        intervals = try form.held(rank: rank, mp: shards.count, extent: shape[axis])
      } catch {
        throw unusable(name, shape, error)
      }
      var position = 0
      for interval in intervals {
        defer { position += interval.count }
        guard let start = interval.start else { continue }
        if let owner = owners[interval] {
          if intervals.count == 1, differ(shard, shards[owner]) { differing.append(rank) }
          continue
        }
        owners[interval] = rank
        let range = start..<start + interval.count
        for part in range.subtracting(owned) {
          let inShard = part.lowerBound - start + position..<part.upperBound - start + position
          boxes.append(box(of: shard, axis: axis, shardRange: inShard, wholeStart: part.lowerBound))
        }
        owned.append(range)
      }
    }
    let tensor = LogicalTensor(name: name, dtype: shards[0].dtype, shape: shape, role: role, boxes: boxes)
    return Result(tensor: tensor, differing: differing)
  }

  private func box(of shard: StoredTensor, axis: Int, shardRange: Range<Int>, wholeStart: Int) -> Box {
    var box = Box(shard, at: Array(repeating: 0, count: shard.shape.count))
    box.offset += shardRange.lowerBound * box.strides[axis]
    box.shape[axis] = shardRange.count
    box.origin[axis] = wholeStart
    return box
  }

  /// Whether two copies are known to differ: by the checksums their containers state.
  private func differ(_ one: StoredTensor, _ other: StoredTensor) -> Bool {
    guard let left = one.location.checksum, let right = other.location.checksum else { return false }
    return left != right
  }

  private func unusable(_ name: String, _ shape: [Int], _ failure: AxisForm.Failure) -> LoaderError {
    let reason =
      switch failure {
      case .indivisible(let count, _): "its \(count) units are not dealt evenly"
      case .malformed(let text): text
      }
    return LoaderError(.invalidCheckpoint, "\(name.escaped) of shape \(shape) contradicts its rule: \(reason)")
  }
}

extension Range<Int> {
  /// What is left of the range outside all of `others`.
  fileprivate func subtracting(_ others: [Range<Int>]) -> [Range<Int>] {
    others.reduce([self]) { parts, other in
      parts.flatMap { part in
        [
          part.lowerBound..<Swift.min(part.upperBound, Swift.max(part.lowerBound, other.lowerBound)),
          Swift.max(part.lowerBound, Swift.min(part.upperBound, other.upperBound))..<part.upperBound,
        ]
        .filter { !$0.isEmpty }
      }
    }
  }
}
