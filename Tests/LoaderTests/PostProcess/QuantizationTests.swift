import Loader
import Platform
import TestSupport
import Testing

/// Quantized partitions: of real checkpoints against DeepSpeed's and the reference's, of random ones against what is said of them.
@Suite struct QuantizationTests {
  private static let groups: [[(name: String, value: String)]] = [
    [("group_size", "40")], [("groups", "1")], [("groups", "2"), ("mlp_extra_grouping", "true")], [("group_size", "3")],
    [("groups", "25")],
    [("group_size", "20000")],
  ]

  /// 200 x 300: groups of the whole tensor are read in two passes, groups of 3 end within a byte of int4.
  private func random(seed: Int) throws -> LinearCheckpoint {
    try LinearCheckpoint(width: 200, wide: 300, seed: seed)
  }

  private func tensors(_ body: PartitionBody) throws -> [String: ExpectedTensor] {
    try Fixtures.tensors(of: try body.bytes())
  }

  @Test(arguments: Fixtures.cases("int4_")) func int4EqualsTheReference(_ fixture: Fixtures.Case) throws {
    try ConformanceCase(folder: fixture.folder).check()
  }

  @Test(arguments: Fixtures.cases("quant8_")) func int8AtTheSourcesDegreeEqualsDeepSpeed(_ fixture: Fixtures.Case)
    throws
  {
    let description = try fixture.description()
    let mp = try #require(description["source_mp"]?.asInteger)
    let checkpoint = try CheckpointLoader.load(
      Path.join(fixture.folder, try #require(description["checkpoint"]?.asText)))
    let groups = try #require(description["query"]?["groups"]?.asInteger)
    for rank in 0..<mp {
      var parameters = PartitionParameters(rank: rank, mp: mp)
      parameters.quantization = .int8
      parameters.groups = groups
      parameters.hasExtraGrouping = fixture.name.hasSuffix("_extra")
      let plan = try Planner(checkpoint, parameters).plan()
      let served = try tensors(PartitionBody(plan, sources: SourceSet(checkpoint.files)))
      let expected = try Fixtures.tensors(
        of: Fixtures.read("\(fixture.folder)/expected/mp\(mp)/rank\(rank).safetensors"))
      let differing = Fixtures.differences(
        served.filter { !$0.key.hasSuffix(".scale") }, expected.filter { !$0.key.hasPrefix("__scales__") })
      #expect(differing == [], "rank \(rank)")
      try expectScales(served, as: try #require(expected["__scales__.all"]))
    }
  }

  /// DeepSpeed keeps the scales of all tensors in one, a row for each of a layer's four, filled up with zeros.
  private func expectScales(_ served: [String: ExpectedTensor], as all: ExpectedTensor) throws {
    let kinds = ["attention.query_key_value", "attention.dense", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h"]
    let floats = all.floats
    let width = all.shape[2]
    #expect(served.keys.count { $0.hasSuffix(".scale") } == all.shape[0] * 4)
    for layer in 0..<all.shape[0] {
      for (row, kind) in kinds.enumerated() {
        let scales = try #require(served["transformer.layers.\(layer).\(kind).weight.scale"]).floats
        let expected = floats[(layer * 4 + row) * width..<(layer * 4 + row + 1) * width]
        #expect(scales + Array(repeating: 0, count: width - scales.count) == Array(expected), "\(kind) of \(layer)")
      }
    }
  }

  @Test(arguments: groups.indices) func int8IsTheReferencesAndWithinHalfAScale(_ index: Int) throws {
    let checkpoint = try random(seed: index)
    let body = try checkpoint.body([("quantize", "int8")] + QuantizationTests.groups[index])
    let report = try QuantizationReport(body)
    let served = try tensors(body)
    #expect(served.count == 5)
    #expect(served[LinearCheckpoint.norm]?.floats == checkpoint.numbers[LinearCheckpoint.norm])
    for name in [LinearCheckpoint.up, LinearCheckpoint.down] {
      let numbers = try #require(checkpoint.numbers[name])
      let scales = try #require(served[name + ".scale"]).floats
      let values = try #require(served[name]).bytes.map { Int8(bitPattern: $0) }
      let expected = ReferenceQuantizer.int8(numbers, groups: scales.count)
      #expect(values == expected.values)
      #expect(scales == expected.scales)
      let size = numbers.count / scales.count
      let errors = numbers.indices.map { abs(Float(values[$0]) * scales[$0 / size] - numbers[$0]) }
      for (place, error) in errors.enumerated() {
        let isClamped = values[place] == 127 || values[place] == -128
        #expect(error <= scales[place / size] * (isClamped ? 1.001 : 0.501))
      }
      try expect(report, name, errors)
    }
  }

  @Test(arguments: groups.indices) func int4IsTheReferencesAndWithinHalfAScale(_ index: Int) throws {
    let checkpoint = try random(seed: 100 + index)
    let body = try checkpoint.body([("quantize", "int4")] + QuantizationTests.groups[index])
    let report = try QuantizationReport(body)
    let served = try tensors(body)
    let metadata = try Fixtures.metadata(of: try body.bytes())
    #expect(metadata["quantize"] == "int4")
    #expect(metadata[LinearCheckpoint.up + ".shape"] == "[300,200]")
    #expect(metadata[LinearCheckpoint.up + ".dtype"] == "F32")
    #expect(served.count == 7)
    for name in [LinearCheckpoint.up, LinearCheckpoint.down] {
      let numbers = try #require(checkpoint.numbers[name])
      let scales = try #require(served[name + ".scale"]).floats
      let zeros = try #require(served[name + ".zero"]).floats
      let values = try #require(served[name]).nibbles
      let expected = ReferenceQuantizer.int4(numbers, groups: scales.count)
      #expect(values == expected.values)
      #expect(scales == expected.scales)
      #expect(zeros == expected.zeros)
      let size = numbers.count / scales.count
      let errors = numbers.indices.map {
        abs(Float(values[$0]) * scales[$0 / size] + zeros[$0 / size] - numbers[$0])
      }
      for (place, error) in errors.enumerated() { #expect(error <= scales[place / size] * 0.501) }
      try expect(report, name, errors)
    }
  }

  private func expect(_ report: QuantizationReport, _ name: String, _ errors: [Float]) throws {
    let row = try #require(report.rows.first { $0.name == name })
    let mean = errors.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(errors.count)
    #expect(abs(row.maximumError - Double(errors.max() ?? 0)) <= 1e-6)
    #expect(abs(row.meanSquaredError - mean) <= 1e-6 * mean + 1e-12)
  }

  @Test func anyRangeAloneIsThatSliceOfTheWhole() throws {
    let checkpoint = try random(seed: 5)
    let dtypes = ["native", "float16", "float32", "float8_e5m2"]
    for seed in 0..<40 {
      var random = SeededGenerator(seed: seed)
      let scheme = random.one(of: ["int8", "int4"])
      let parameters =
        [(name: "quantize", value: scheme), ("dtype", random.one(of: dtypes))]
        + random.one(of: QuantizationTests.groups)
      let body = try checkpoint.body(parameters, rank: 0, mp: 1)
      let all = try body.bytes()
      for _ in 0..<20 {
        // Another body knows nothing of what this one has found out.
        let fresh = try checkpoint.body(parameters)
        let low = random.number(0...body.plan.length)
        let high = min(random.number(low...body.plan.length), low + random.one(of: [1, 5, 1000, 100_000]))
        if try fresh.bytes(low..<high) != Array(all[low..<high]) {
          Issue.record("seed \(seed): bytes \(low)..<\(high) of \(parameters)")
        }
      }
    }
  }

  @Test func aRowParallelWeightIsQuantizedAsTheRankHoldsIt() throws {
    let checkpoint = try random(seed: 9)
    let numbers = try #require(checkpoint.numbers[LinearCheckpoint.down])
    let served = try tensors(checkpoint.body([("quantize", "int8"), ("groups", "50")], rank: 1, mp: 2))
    let held = (0..<200).flatMap { row in numbers[row * 300 + 150..<(row + 1) * 300] }
    let expected = ReferenceQuantizer.int8(held, groups: 50)
    #expect(served[LinearCheckpoint.down]?.bytes.map { Int8(bitPattern: $0) } == expected.values)
    #expect(served[LinearCheckpoint.down + ".scale"]?.floats == expected.scales)
  }

  @Test func scalesStandAmongTheLargeElementsAndValuesBehind() throws {
    let plan = try random(seed: 1).body([("quantize", "int4"), ("groups", "4"), ("dtype", "bfloat16")]).plan
    let (up, down) = (LinearCheckpoint.up, LinearCheckpoint.down)
    #expect(
      plan.tensors.map(\.name) == [
        up + ".scale", up + ".zero", down + ".scale", down + ".zero", LinearCheckpoint.norm, up, down,
      ])
    #expect(plan.tensors[5].scheme.description == "int4 from F32, 4 groups of 15000")
    #expect(plan.tensors[4].scheme.description == "cast from F32")
    #expect(plan.costs.transformed == plan.length - plan.segments[0].count)
  }

  @Test func groupsThatDoNotDivideAreRefusedWithSomeThatDo() throws {
    let checkpoint = try random(seed: 1)
    let refused = #expect(throws: LoaderError.self) {
      try checkpoint.body([("quantize", "int8"), ("groups", "7")])
    }
    #expect(refused?.code == .failedPrecondition)
    #expect(refused?.message.contains("groups that divide all: 4, 5, 6, 8, 10") == true)
    let size = #expect(throws: LoaderError.self) { try checkpoint.body([("quantize", "int4")]) }
    #expect(size?.message.contains("group_size=64 does not divide the 60000 values") == true)
  }

  @Test func oddRowsAreRefusedByInt4() throws {
    let odd = try LinearCheckpoint(width: 8, wide: 9, seed: 1)
    let error = #expect(throws: LoaderError.self) { try odd.body([("quantize", "int4"), ("groups", "1")]) }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("rows of 9, which is odd") == true)
    #expect(throws: Never.self) { try odd.body([("quantize", "int8"), ("groups", "1")]) }
  }

  @Test func whatIsQuantizedAlreadyIsServedAsItIsAndNotQuantizedAgain() throws {
    let checkpoint = try CheckpointLoader.load("\(Fixtures.folder)/conformance/hf_deepseek_fp8_2heads/checkpoint")
    let error = #expect(throws: LoaderError.self) {
      try Planner(checkpoint, try PartitionParameters([("rank", "0"), ("mp", "1"), ("quantize", "int8")])).plan()
    }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("already quantized") == true)
    var parameters = PartitionParameters(rank: 0, mp: 1)
    parameters.dtype = .f32
    for tensor in try Planner(checkpoint, parameters).plan().tensors {
      let isScaled = tensor.dtype == .f8e4m3 || tensor.name.hasSuffix("_scale_inv")
      #expect(tensor.scheme.name == (isScaled ? "native" : "cast"), "\(tensor.name)")
    }
  }

  @Test func parametersThatMeanTheSamePartitionHaveOneSpelling() throws {
    func canonical(_ pairs: [(name: String, value: String)]) throws -> String {
      try PartitionParameters([("rank", "0"), ("mp", "1")] + pairs).canonical
    }
    #expect(try canonical([("quantize", "int8"), ("groups", "64")]) == canonical([("quantize", "int8")]))
    #expect(try canonical([("quantize", "int4"), ("group_size", "64")]) == canonical([("quantize", "int4")]))
    #expect(
      try canonical([("quantize", "int8"), ("group_size", "64"), ("mlp_extra_grouping", "true")])
        == "rank=0&mp=1&quantize=int8&group_size=64&mlp_extra_grouping=true")
  }
}
