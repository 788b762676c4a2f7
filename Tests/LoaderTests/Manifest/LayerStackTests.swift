import Testing

@testable import Loader

@Suite struct LayerStackTests {
  private func tensor(_ name: String, _ shape: [Int], offset: Int = 0) -> WholeTensor {
    WholeTensor(
      NamedTensor(name: name, tensor: StoredTensor(dtype: .f16, shape: shape, location: .init(file: 0, offset: offset)))
    )
  }

  @Test func aStackIsOneTensorALayerAndOthersStay() {
    let tensors = [
      tensor("embedding.weight", [8, 4]), tensor("decoder.layers.mlp.weight", [3, 2, 4]),
      tensor("decoder.layers.norm.weight", [3, 4], offset: 100), tensor("decoder.layers.1.x", [2]),
    ]
    let names = LayerStack.unstacked(tensors).map(\.name)
    #expect(
      names == [
        "embedding.weight", "decoder.layers.0.mlp.weight", "decoder.layers.0.norm.weight",
        "decoder.layers.1.mlp.weight",
        "decoder.layers.1.norm.weight", "decoder.layers.2.mlp.weight", "decoder.layers.2.norm.weight",
        "decoder.layers.1.x",
      ])
  }

  @Test func aLayersBytesAreItsSliceOfTheStack() throws {
    let single = LayerStack.unstacked([tensor("layers.w", [3, 2, 4], offset: 10)])[2]
    #expect(single.shape == [2, 4])
    #expect(single.boxes.map(\.offset) == [10 + 2 * 2 * 4 * 2])
    #expect(single.boxes.map(\.strides) == [[8, 2]])
  }
}
