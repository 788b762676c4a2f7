import WeightServerClient

/// Fetches rank 2 of 4 of what `make serve` serves, or a server that is named, and prints what is in it.
@main struct FirstPartition {
  static func main() async throws {
    let url = CommandLine.arguments.dropFirst().first ?? "http://127.0.0.1:8080"
    try await withWeightClient(url) { client in
      let weights = try await client.open(PartitionRequest(rank: 2, mp: 4))
      for tensor in weights.tensors { print(tensor.name, tensor.dtype, tensor.shape) }
    }
  }
}
