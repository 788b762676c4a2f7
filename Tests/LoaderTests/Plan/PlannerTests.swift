import Platform
import TestSupport
import Testing

@testable import Loader

@Suite struct PlannerTests {
  private static let cases = 2000

  /// A whole tensor of a sample's role, its elements all different.
  private func whole(_ sample: RoleSample, _ seed: Int) -> (ElementArray, DealtTensor) {
    let elements = ElementArray(shape: sample.shape, elementSize: sample.dtype.byteSize ?? 1, seed: seed)
    return (
      elements, DealtTensor(whole: elements, role: sample.role, geometry: sample.geometry, dtype: sample.dtype)
    )
  }

  @Test func everyRankHoldsTheElementsThatItsRuleNames() throws {
    var planned = 0
    for seed in 0..<PlannerTests.cases {
      let sample = RoleSample(seed: seed)
      let (elements, dealt) = whole(sample, seed)
      let mp = sample.degrees[0]
      guard let ranks = try dealt.planned(mp: mp) else { continue }
      planned += 1
      let rule = try sample.role.rule(shape: sample.shape, geometry: sample.geometry)
      for rank in 0..<mp {
        var expected = elements
        if let axis = rule.axis {
          let all = (0..<sample.shape[axis]).map { Int?.some($0) }
          let positions = try #require(NaiveDeal.held(rule.form, rank: rank, mp: mp, of: all))
          expected = elements.taking(positions, axis: axis)
        }
        let held = DealtTensor.Held(shape: expected.shape, bytes: expected.bytes)
        if ranks.contents[rank] != held { Issue.record("seed \(seed): rank \(rank) of \(mp), \(sample.role)") }
      }
    }
    #expect(planned > PlannerTests.cases / 2)
  }

  @Test func splitThenMergeIsIdentity() throws {
    for seed in 0..<PlannerTests.cases {
      let sample = RoleSample(seed: seed)
      let (_, dealt) = whole(sample, seed)
      for mp in sample.degrees {
        guard let ranks = try dealt.planned(mp: mp) else { continue }
        let merged = try ranks.planned(mp: 1)
        if merged?.contents != dealt.contents { Issue.record("seed \(seed): \(sample.role) over \(mp)") }
      }
    }
  }

  @Test func planningThroughAnotherDegreeChangesNothing() throws {
    var compared = 0
    for seed in 0..<PlannerTests.cases {
      let sample = RoleSample(seed: seed)
      let (_, dealt) = whole(sample, seed)
      guard let first = try dealt.planned(mp: sample.degrees[0]),
        let direct = try first.planned(mp: sample.degrees[2]),
        let second = try first.planned(mp: sample.degrees[1])
      else { continue }
      compared += 1
      let last = try second.planned(mp: sample.degrees[2])
      if last?.contents != direct.contents {
        Issue.record("seed \(seed): \(sample.role) by way of \(sample.degrees)")
      }
    }
    #expect(compared > PlannerTests.cases / 2)
  }

  @Test func possibleDegreesAreThoseThatEveryRankCanBePlannedAt() throws {
    for seed in 0..<40 {
      let sample = RoleSample(seed: seed)
      let checkpoint = try whole(sample, seed).1.checkpoint()
      let possible = checkpoint.possibleDegrees
      for mp in sample.degrees + [5] {
        let plans = (0..<mp).map { try? Planner(checkpoint, PartitionParameters(rank: $0, mp: mp)).plan() }
        let isPossible = plans.allSatisfy { $0 != nil }
        if possible.contains(mp) != isPossible { Issue.record("seed \(seed): mp \(mp), \(sample.role)") }
        if !isPossible, plans.contains(where: { $0 != nil }) {
          Issue.record("seed \(seed): some ranks of \(mp) can be planned, \(sample.role)")
        }
      }
    }
  }

  @Test func segmentsTileTheBodyInOrderAndTensorsTheirPartOfIt() throws {
    for seed in 0..<500 {
      let sample = RoleSample(seed: seed)
      let plan = try? Planner(try whole(sample, seed).1.checkpoint(), PartitionParameters(rank: 0, mp: 2)).plan()
      guard let plan else { continue }
      var position = 0
      for (segment, start) in zip(plan.segments, plan.starts) {
        #expect(start == position)
        #expect(segment.count > 0)
        position += segment.count
      }
      #expect(position == plan.length)
      let header = plan.segments[0].count
      #expect(header % 64 == 0)
      #expect(plan.tensors.first?.range.lowerBound == header)
      for tensor in plan.tensors {
        #expect(tensor.range.count == tensor.dtype.byteCount(shape: tensor.shape))
        #expect(plan.segments[tensor.segments].reduce(0) { $0 + $1.count } == tensor.range.count)
      }
    }
  }

  @Test func anyRangeExecutedAloneIsThatSliceOfTheWhole() throws {
    let folder = try TemporaryFolder()
    for seed in 0..<200 {
      var random = SeededGenerator(seed: seed)
      let sample = RoleSample(seed: seed)
      let elements = ElementArray(shape: sample.shape, elementSize: sample.dtype.byteSize ?? 1, seed: seed)
      var table = FileTable(folder: folder.path, roots: try Roots().adding(folder: folder.path))
      let file = try table.open(try folder.write("\(seed).bin", elements.bytes))
      let tensor = try ShardAssembler(geometry: sample.geometry).assemble(
        name: "x", role: sample.role,
        shards: [StoredTensor(dtype: sample.dtype, shape: sample.shape, location: .init(file: file, offset: 0))]
      ).tensor
      let checkpoint = Checkpoint.synthetic([tensor], geometry: sample.geometry, files: table.entries)
      let mp = sample.degrees[1]
      guard let plan = try? Planner(checkpoint, PartitionParameters(rank: mp - 1, mp: mp)).plan() else { continue }
      let body = PartitionBody(plan, sources: SourceSet(checkpoint.files))
      let all = try body.bytes()
      #expect(all == MemoryFiles(files: [elements.bytes]).bytes(of: plan.segments))
      for _ in 0..<20 {
        let low = random.number(0...plan.length)
        let high = random.number(low...plan.length)
        let part = try body.bytes(low..<high)
        if part != Array(all[low..<high]) { Issue.record("seed \(seed): bytes \(low)..<\(high)") }
      }
    }
  }

  @Test func largeElementsComeFirstAndTheSourcesOrderIsKeptAmongEqual() throws {
    let dtypes: [DType] = [.u8, .f32, .bf16, .f32, .i64, .bf16]
    let tensors = dtypes.enumerated().map { index, dtype in
      LogicalTensor(
        name: "t\(index)", dtype: dtype, shape: [2], role: .replicated,
        boxes: [Box(StoredTensor(dtype: dtype, shape: [2], location: .init(file: 0, offset: 0)), at: [0])])
    }
    let plan = try Planner(.synthetic(tensors), PartitionParameters(rank: 0, mp: 1)).plan()
    #expect(plan.tensors.map(\.name) == ["t4", "t1", "t3", "t2", "t5", "t0"])
  }

  @Test func whatIsImpossibleNamesTheTensorAndTheDegreesThatArePossible() throws {
    let dealt = DealtTensor(
      whole: ElementArray(shape: [6, 2], elementSize: 2, seed: 0), role: .column, geometry: Geometry(), dtype: .bf16)
    let error = #expect(throws: LoaderError.self) {
      try Planner(try dealt.checkpoint(), PartitionParameters(rank: 0, mp: 4)).plan()
    }
    #expect(error?.code == .failedPrecondition)
    #expect(
      error?.message == "mp=4 cannot split x dim 0 = 6; this checkpoint can be served at mp 1, 2, 3, 6")
  }
}
