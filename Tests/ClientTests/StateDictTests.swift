import Loader
import Testing

@testable import WeightServerClient

@Suite struct StateDictTests {
  func open(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> StateDict {
    try folder.write(bytes, to: "f")
    return try StateDict(mapping: folder.file("f"))
  }

  @Test func tensorsAreReadInPlace() throws {
    let header = """
      {"__metadata__":{"format":"pt","mp":"2"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},\
      "b":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]},"s":{"dtype":"I8","shape":[],"data_offsets":[28,29]},\
      "e":{"dtype":"I64","shape":[0,5],"data_offsets":[29,29]}}
      """
    var data: [UInt8] = []
    for value in 0..<6 { data += (0..<4).map { UInt8(truncatingIfNeeded: Float(value).bitPattern >> ($0 * 8)) } }
    data += [0x80, 0x3F, 0x00, 0x40, 0xFE]
    let folder = try TemporaryFolder()
    let dict = try open(Safetensors.file(header: header, data: data), in: folder)
    #expect(dict.tensors.map(\.name) == ["a", "b", "s", "e"])
    #expect(dict.metadata.map(\.key) == ["format", "mp"])
    #expect(dict["nothing"] == nil)

    let a = try #require(dict["a"])
    #expect(a.count == 6)
    #expect(a.strides == [3, 1])
    #expect(try a.withSpan(of: Float.self) { span in span.indices.map { span[$0] } } == [0, 1, 2, 3, 4, 5])
    #expect(a[1, 2, as: Float.self] == 5)
    #expect(a[0, 1, as: UInt32.self] == Float(1).bitPattern)
    #expect(a.withBytes { $0.byteCount } == 24)

    let b = try #require(dict["b"])
    #expect(try b.withSpan(of: UInt16.self) { span in span.indices.map { span[$0] } } == [0x3F80, 0x4000])
    let s = try #require(dict["s"])
    #expect(s.count == 1)
    #expect(s.strides == [])
    #expect(s.element(at: [], as: Int8.self) == -2)
    let e = try #require(dict["e"])
    #expect(e.count == 0)
    #expect(e.shape == [0, 5])
  }

  @Test func aTypeThatDoesNotFitIsRefused() throws {
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let folder = try TemporaryFolder()
    let a = try #require(try open(Safetensors.file(header: header, data: [0, 0, 0, 0]), in: folder)["a"])
    let error = #expect(throws: WeightClientError.self) { try a.withSpan(of: Double.self) { _ in } }
    #expect(error?.code == .invalidArgument)
  }

  @Test func anUnalignedTensorIsReadByElementsOnly() throws {
    let header =
      #"{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U16","shape":[1],"data_offsets":[1,3]}}"#
    let folder = try TemporaryFolder()
    let y = try #require(try open(Safetensors.file(header: header, data: [0, 0x34, 0x12]), in: folder)["y"])
    let error = #expect(throws: WeightClientError.self) { try y.withSpan(of: UInt16.self) { _ in } }
    #expect(error?.code == .failedPrecondition)
    #expect(y[0, as: UInt16.self] == 0x1234)
  }

  @Test func aViewOutlivesItsStateDictAndTheFilesName() throws {
    let bytes = Safetensors.random(1000, seed: 4)
    let view: TensorView
    do {
      let folder = try TemporaryFolder()
      view = try #require(try open(bytes, in: folder)["w"])
    }
    #expect(view.withBytes { span in span.byteCount } == 1000)
    #expect(view[999, as: UInt8.self] == bytes.last)
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = Safetensors.random(40, seed: 1)
    let folder = try TemporaryFolder()
    for count in 0..<bytes.count {
      try folder.write(Array(bytes.prefix(count)), to: "\(count)")
      let error = #expect(throws: WeightClientError.self) { try StateDict(mapping: folder.file("\(count)")) }
      #expect(error?.code == .dataLoss)
    }
  }

  @Test func aMissingFileAndAFolderAreRefused() throws {
    let folder = try TemporaryFolder()
    let missing = #expect(throws: WeightClientError.self) { try StateDict(mapping: folder.file("none")) }
    #expect(missing?.code == .notFound)
    let error = #expect(throws: WeightClientError.self) { try StateDict(mapping: folder.path) }
    #expect(error?.origin == .local)
  }
}
