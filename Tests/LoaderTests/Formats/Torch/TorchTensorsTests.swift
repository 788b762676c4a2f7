import Testing

@testable import Loader

@Suite struct TorchTensorsTests {
  /// What a value written by `write` becomes, beside a storage of 64 bytes.
  private func read(_ write: @Sendable (inout PickleAssembler) -> Void) throws -> String {
    let scratch = try ScratchFiles()
    let file = ZipBuilder.torch(PickleAssembler.module(write), storages: [("0", Array(0..<64))]).build()
    let value = try scratch.read(file)
    return notation(try #require(value["module"]?["w"]))
  }

  /// A call of a function of `torch._utils` or another module with these arguments.
  private static func call(
    _ name: String, module: String = "torch._utils",
    _ arguments: @escaping @Sendable (inout PickleAssembler) -> Void
  ) -> @Sendable (inout PickleAssembler) -> Void {
    { pickle in
      pickle.global(module, name)
      pickle.raw("(")
      arguments(&pickle)
      pickle.raw("tR")
    }
  }

  private static let tensor: @Sendable (inout PickleAssembler) -> Void = {
    $0.tensor(count: 16, size: [2, 2], stride: [2, 1])
  }

  private static func fromType(_ module: String, _ name: String) -> @Sendable (inout PickleAssembler) -> Void {
    call("_rebuild_from_type_v2", module: "torch._tensor") { pickle in
      pickle.global("torch._utils", "_rebuild_tensor_v2")
      pickle.global(module, name)
      pickle.raw("(")
      pickle.storage(count: 16)
      pickle.integer(0)
      pickle.integers([2, 2])
      pickle.integers([2, 1])
      pickle.raw([0x89])
      pickle.raw("Nt}")
    }
  }

  private static func third(_ dtype: String, _ size: Int) -> @Sendable (inout PickleAssembler) -> Void {
    call("_rebuild_tensor_v3") { pickle in
      pickle.storage("UntypedStorage", count: 64)
      pickle.integer(0)
      pickle.integers([size])
      pickle.integers([1])
      pickle.raw([0x89])
      pickle.raw("N")
      pickle.global("torch", dtype)
    }
  }

  private static func flagged(_ flag: String, _ value: UInt8) -> @Sendable (inout PickleAssembler) -> Void {
    call("_rebuild_tensor_v2") { pickle in
      pickle.storage(count: 16)
      pickle.integer(0)
      pickle.integers([2])
      pickle.integers([1])
      pickle.raw([0x89])
      pickle.raw("N")
      pickle.dictionary([(flag, { $0.raw([value]) })])
    }
  }

  @Test(
    arguments: [
      (tensor, "tensor[2, 2]"),
      (
        call("_rebuild_parameter") {
          tensor(&$0); $0.raw("NN")
        }, "tensor[2, 2]"
      ),
      (
        call("_rebuild_parameter_with_state") {
          tensor(&$0); $0.raw("NN}")
        }, "tensor[2, 2]"
      ),
      (
        call("Parameter", module: "torch.nn.parameter") {
          tensor(&$0); $0.raw("N")
        }, "tensor[2, 2]"
      ),
      (
        call("_rebuild_parameter") {
          call("_rebuild_parameter") {
            tensor(&$0); $0.raw("NN")
          }(&$0); $0.raw("NN")
        }, "tensor[2, 2]"
      ),
      (fromType("torch", "Tensor"), "tensor[2, 2]"), (fromType("torch.nn.parameter", "Parameter"), "tensor[2, 2]"),
      (
        fromType("transformer_engine.pytorch", "Float8Tensor"),
        "<a tensor of the class transformer_engine.pytorch.Float8Tensor>"
      ),
      (third("float8_e4m3fn", 64), "tensor[64]"), (third("int64", 8), "tensor[8]"),
      (third("float4_e2m1fn_x2", 8), "<a tensor of a dtype that safetensors has no name for>"),
      (flagged("conj", 0x88), "<a tensor with the flag conj>"), (flagged("conj", 0x89), "tensor[2]"),
      (call("_rebuild_sparse_tensor") { $0.raw("NN") }, "<what torch._utils._rebuild_sparse_tensor makes>"),
      (
        call("_rebuild_parameter") {
          call("_rebuild_sparse_tensor") { $0.raw("NN") }(&$0); $0.raw("NN")
        },
        "<what torch._utils._rebuild_sparse_tensor makes>"
      ),
    ] as [(@Sendable (inout PickleAssembler) -> Void, String)])
  func callsBecomeTensorsOrOpaque(
    _ write: @escaping @Sendable (inout PickleAssembler) -> Void, _ expected: String
  ) throws {
    #expect(try read(write) == expected)
  }

  @Test func anUntypedStorageIsMeasuredInBytes() throws {
    let scratch = try ScratchFiles()
    let file = ZipBuilder.torch(PickleAssembler.module(Self.third("int64", 9)), storages: [("0", Array(0..<64))])
      .build()
    #expect(refusal { _ = try scratch.read(file) }?.contains("reaches byte 72 of a storage of 64") == true)
  }

  @Test func tensorsThatShareAStorageShareItsBytes() throws {
    let scratch = try ScratchFiles()
    let pickle = PickleAssembler.make { pickle in
      pickle.raw("(")
      pickle.tensor(count: 16, size: [4], stride: [1])
      pickle.tensor(count: 16, offset: 4, size: [4], stride: [1])
      pickle.raw("t")
    }
    let value = try scratch.read(ZipBuilder.torch(pickle, storages: [("0", Array(0..<64))]).build())
    let offsets = try #require(value.items).compactMap { $0.asTensor?.location.offset }
    #expect(offsets.count == 2 && offsets[1] - offsets[0] == 16)
  }
}
