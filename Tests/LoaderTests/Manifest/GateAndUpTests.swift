import Testing

@testable import Loader

@Suite struct GateAndUpTests {
  private func tensor(_ name: String, _ shape: [Int], file: Int) -> WholeTensor {
    WholeTensor(
      NamedTensor(name: name, tensor: StoredTensor(dtype: .bf16, shape: shape, location: .init(file: file, offset: 0))))
  }

  @Test func aPairIsOneTensorGateFirst() {
    let joined = GateAndUp.joined([
      tensor("mlp.linear_fc1.weight_v", [2, 6, 4], file: 1), tensor("mlp.linear_fc1.weight_w", [2, 6, 4], file: 0),
      tensor("norm.weight", [4], file: 2),
    ])
    #expect(joined.map(\.name) == ["mlp.linear_fc1.weight", "norm.weight"])
    #expect(joined[0].shape == [2, 12, 4])
    #expect(joined[0].boxes.map(\.origin) == [[0, 0, 0], [0, 6, 0]])
  }

  @Test func whatDoesNotFitStaysApart() {
    let apart = [
      tensor("a.weight_w", [6, 4], file: 0), tensor("a.weight_v", [6, 5], file: 1), tensor("b_w", [2], file: 2),
    ]
    #expect(GateAndUp.joined(apart).contains { $0.name == "b_w" })
  }
}
