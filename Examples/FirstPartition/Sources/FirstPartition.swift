import WeightServerClient

/// Fetches rank 2 of 4 of what `make serve` serves, and prints what is in it.
@main struct FirstPartition {
  static func main() async throws {
    let client = try WeightClient("http://127.0.0.1:8080")
    let weights = try await client.open(PartitionRequest(rank: 2, mp: 4))
    for tensor in weights.tensors { print(tensor.name, tensor.dtype, tensor.shape) }
  }
}
