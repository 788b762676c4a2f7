import Loader
import Platform
import Testing

@testable import WeightServerClient

/// What the client makes of quantized partitions, against the partition as it was and the report of what quantization cost.
@Suite struct DequantizeTests {
  private static let sample =
    Path.folder(of: Path.folder(of: Path.folder(of: #filePath))) + "/Sample/gpt2-tiny/manifest.json"

  private func body(_ parameters: PartitionParameters) throws -> PartitionBody {
    let checkpoint = try CheckpointLoader.load(DequantizeTests.sample)
    return PartitionBody(try Planner(checkpoint, parameters).plan(), sources: SourceSet(checkpoint.files))
  }

  private func open(_ body: PartitionBody, in folder: TemporaryFolder, as name: String) throws -> StateDict {
    let buffer = ByteBuffer(capacity: body.plan.length)
    try body.fill(buffer, with: 0..<body.plan.length)
    try folder.write(buffer.copyBytes(), to: name)
    return try StateDict(mapping: folder.file(name))
  }

  @Test(arguments: [PartitionParameters.Quantization.int8, .int4])
  func valuesAreAsFarFromTheSourcesAsTheReportSays(_ quantization: PartitionParameters.Quantization) throws {
    let folder = try TemporaryFolder()
    var parameters = PartitionParameters(rank: 1, mp: 2)
    let plain = try open(try body(parameters), in: folder, as: "plain")
    parameters.quantization = quantization
    let quantized = try body(parameters)
    let dict = try open(quantized, in: folder, as: "quantized")
    let report = try QuantizationReport(quantized)
    #expect(report.rows.count == 8)
    for row in report.rows {
      let original = try #require(plain[row.name])
      let result = try dict.dequantized(row.name)
      #expect(result.shape == original.shape)
      let errors = try original.withSpan(of: Float16.self) { span in
        span.indices.map { abs(Double(Float(span[$0])) - Double(result.values[$0])) }
      }
      #expect(errors.count == result.values.count)
      #expect(errors.max() == row.maximumError)
      let mean = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
      #expect(abs(mean - row.meanSquaredError) <= 1e-9 * mean)
    }
  }

  @Test func whatIsNotQuantizedIsRefused() throws {
    let folder = try TemporaryFolder()
    let plain = try open(try body(PartitionParameters(rank: 0, mp: 1)), in: folder, as: "plain")
    let name = try #require(plain.tensors.first?.name)
    let missing = #expect(throws: WeightClientError.self) { try plain.dequantized("nothing") }
    #expect(missing?.code == .notFound)
    let unscaled = #expect(throws: WeightClientError.self) { try plain.dequantized(name) }
    #expect(unscaled?.code == .failedPrecondition)
  }

  @Test func tensorsThatDoNotBelongTogetherAreRefused() throws {
    let header = """
      {"s":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"q":{"dtype":"I8","shape":[3],"data_offsets":[8,11]},\
      "p":{"dtype":"U8","shape":[2],"data_offsets":[11,13]}}
      """
    let folder = try TemporaryFolder()
    try folder.write(Safetensors.file(header: header, data: Array(repeating: 0, count: 13)), to: "f")
    let dict = try StateDict(mapping: folder.file("f"))
    let (scale, bytes, nibbles) = (try #require(dict["s"]), try #require(dict["q"]), try #require(dict["p"]))
    for (tensor, zero) in [(bytes, nil), (nibbles, nil), (scale, nil), (bytes, scale)] {
      let error = #expect(throws: WeightClientError.self) { try tensor.dequantized(scale: scale, zero: zero) }
      #expect(error?.code == .invalidArgument)
    }
    #expect(try nibbles.dequantized(scale: scale, zero: scale) == [0, 0, 0, 0])
  }
}
