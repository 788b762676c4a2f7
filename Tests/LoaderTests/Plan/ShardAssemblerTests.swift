import Testing

@testable import Loader

@Suite struct ShardAssemblerTests {
  private func stored(
    _ shape: [Int], file: Int, dtype: DType = .f32, checksum: UInt32? = nil
  ) -> StoredTensor {
    StoredTensor(dtype: dtype, shape: shape, location: .init(file: file, offset: 0, checksum: checksum))
  }

  private func assemble(
    _ role: Role, _ shards: [StoredTensor], _ geometry: Geometry = Geometry()
  ) throws -> ShardAssembler.Result {
    try ShardAssembler(geometry: geometry).assemble(name: "x", role: role, shards: shards)
  }

  private var attention: Geometry {
    var geometry = Geometry()
    geometry.heads = 8
    geometry.keyValueHeads = 2
    return geometry
  }

  @Test(arguments: [
    (Role.column, [[4, 3], [4, 3]], [8, 3]), (.row, [[3, 4], [3, 4], [3, 4]], [3, 12]), (.row, [[5], [5]], [5]),
    (.columnTransposed, [[3, 4], [3, 4]], [3, 8]), (.rowTransposed, [[4, 3], [4, 3]], [8, 3]),
    (.vocabulary, [[5, 2], [5, 2]], [10, 2]), (.replicated, [[7], [7]], [7]),
    (.fusedColumns(2), [[6, 3], [6, 3]], [12, 3]), (.stackedExperts(.column), [[3, 4, 2], [3, 4, 2]], [3, 8, 2]),
    (.queryHeads, [[8, 3], [8, 3]], [16, 3]), (.keyValueHeads, [[2, 3], [2, 3]], [4, 3]),
  ])
  func theWholeShapeIsTheShardsPutTogether(_ role: Role, _ shards: [[Int]], _ whole: [Int]) throws {
    let result = try assemble(role, shards.enumerated().map { stored($1, file: $0) }, attention)
    #expect(result.tensor.shape == whole)
  }

  @Test(arguments: [
    (Role.keyValueHeads, 8, [3, 2], [6, 2]), (.fusedQKV(.blocks), 4, [8, 2], [24, 2]),
    (.fusedQKV(.groups), 4, [8, 2], [24, 2]), (.fusedQKV(.groupsThenRows), 4, [6, 2], [24, 2]),
    (.fusedQKV(.multiQuery), 4, [8, 2], [20, 2]),
  ])
  func repeatedHeadsAreCountedOnce(_ role: Role, _ mp: Int, _ shard: [Int], _ whole: [Int]) throws {
    let result = try assemble(role, (0..<mp).map { stored(shard, file: $0) }, attention)
    #expect(result.tensor.shape == whole)
  }

  @Test func ranksWhoseCopiesAreKnownToDifferAreNamed() throws {
    let equal = (0..<3).map { stored([4], file: $0, checksum: 7) }
    #expect(try assemble(.replicated, equal).differing == [])
    let other = [
      stored([4], file: 0, checksum: 7), stored([4], file: 1, checksum: 8), stored([4], file: 2, checksum: 7),
    ]
    #expect(try assemble(.replicated, other).differing == [1])
  }

  @Test(arguments: [
    (Role.column, [[4, 3], [4, 2]], "dim 0"), (.row, [[4, 3], [5, 3]], "dim 1"), (.column, [[4, 3], [4]], "dim 0"),
    (.replicated, [[4], [5]], "held whole"), (.queryHeads, [[7, 3], [7, 3]], "attention heads"),
    (.fusedColumns(2), [[3, 3], [4, 3]], "x"),
  ])
  func shardsThatContradictOneAnotherAreRefused(_ role: Role, _ shards: [[Int]], _ word: String) throws {
    let error = #expect(throws: LoaderError.self) {
      try assemble(role, shards.enumerated().map { stored($1, file: $0) }, attention)
    }
    #expect(error?.code == .invalidCheckpoint)
    #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
  }

  @Test func shardsOfTwoTypesAreRefused() throws {
    let error = #expect(throws: LoaderError.self) {
      try assemble(.column, [stored([4, 3], file: 0), stored([4, 3], file: 1, dtype: .bf16)])
    }
    #expect(error?.message.contains("F32 on rank 0 and BF16 on rank 1") == true)
  }

  @Test func aWholeTensorThatContradictsItsConfigurationIsRefused() throws {
    var geometry = attention
    geometry.headDimension = 4
    let error = #expect(throws: LoaderError.self) { try assemble(.queryHeads, [stored([16, 3], file: 0)], geometry) }
    #expect(
      error?.message == "x of shape [16, 3] contradicts its rule: 16 positions are not 8 attention heads of 4")
  }

  @Test func aTensorThatNobodyHoldsIsRefused() {
    #expect(throws: LoaderError.self) { try assemble(.column, []) }
  }
}
