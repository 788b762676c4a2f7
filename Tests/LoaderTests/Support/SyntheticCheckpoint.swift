@testable import Loader

extension Checkpoint {
  /// A checkpoint of tensors that no file was read for.
  static func synthetic(
    _ tensors: [LogicalTensor], geometry: Geometry = Geometry(), family: Family = .llama, files: [FileTable.Entry] = []
  ) -> Checkpoint {
    var context = FamilyContext()
    context.geometry = geometry
    return synthetic(tensors, context: context, family: family, files: files)
  }

  /// A checkpoint of tensors that no file was read for, of a family whose table depends on more than the geometry.
  static func synthetic(
    _ tensors: [LogicalTensor], context: FamilyContext, family: Family, files: [FileTable.Entry] = [],
    arguments: TrainingArguments = TrainingArguments()
  ) -> Checkpoint {
    Checkpoint(
      name: "synthetic", sourceType: "test", reasons: [], family: family, context: context, parallelization: .init(),
      version: nil, moduleKey: nil, tensors: tensors, files: files, revision: String(repeating: "0", count: 40),
      warnings: [], keepsEmbeddingsWhole: false, vocabularySize: nil, extraRules: [],
      arguments: arguments)
  }
}

/// One tensor of a role as the ranks of some degree hold it, each rank a file in memory.
struct DealtTensor {
  let role: Role
  let geometry: Geometry
  let dtype: DType
  /// What each rank holds.
  let shards: [StoredTensor]
  let files: MemoryFiles

  /// A whole tensor, held by one rank.
  init(whole: ElementArray, role: Role, geometry: Geometry, dtype: DType) {
    self.init(
      role: role, geometry: geometry, dtype: dtype,
      shards: [StoredTensor(dtype: dtype, shape: whole.shape, location: .init(file: 0, offset: 0))],
      files: MemoryFiles(files: [whole.bytes]))
  }

  private init(role: Role, geometry: Geometry, dtype: DType, shards: [StoredTensor], files: MemoryFiles) {
    self.role = role
    self.geometry = geometry
    self.dtype = dtype
    self.shards = shards
    self.files = files
  }

  /// The checkpoint of this one tensor, put together from the ranks.
  func checkpoint() throws -> Checkpoint {
    let result = try ShardAssembler(geometry: geometry).assemble(name: "x", role: role, shards: shards)
    return .synthetic([result.tensor], geometry: geometry)
  }

  /// The bodies' tensor of every rank at a degree; nil where it cannot be dealt so.
  func planned(mp: Int) throws -> DealtTensor? {
    let checkpoint = try checkpoint()
    // `possibleDegrees` would try a thousand degrees.
    let rule = try role.rule(shape: checkpoint.tensors[0].shape, geometry: geometry)
    guard rule.allows(mp: mp, shape: checkpoint.tensors[0].shape) else { return nil }
    var shards: [StoredTensor] = []
    var bodies: [[UInt8]] = []
    for rank in 0..<mp {
      let plan = try Planner(checkpoint, PartitionParameters(rank: rank, mp: mp)).plan()
      bodies.append(files.bytes(of: plan.segments))
      shards.append(
        StoredTensor(
          dtype: dtype, shape: plan.tensors[0].shape,
          location: .init(file: rank, offset: plan.tensors[0].range.lowerBound)))
    }
    return DealtTensor(role: role, geometry: geometry, dtype: dtype, shards: shards, files: MemoryFiles(files: bodies))
  }

  /// What each rank holds: shape and bytes.
  var contents: [Held] {
    shards.map { shard in
      Held(
        shape: shard.shape,
        bytes: Array(files.files[shard.location.file][shard.location.offset..<shard.location.offset + shard.byteCount]))
    }
  }

  struct Held: Equatable {
    let shape: [Int]
    let bytes: [UInt8]
  }
}
