import WeightServerClient

/// Says what each rank would get at each degree that a checkpoint can be served at, and fetches no weight: `PlanOnly [URL [MODEL]]`.
@main struct PlanOnly {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    try await withWeightClient(arguments.first ?? "http://127.0.0.1:8080") { client in
      for manifest in try await client.manifests() where arguments.count < 2 || manifest.name == arguments.last {
        print("\(manifest.name): \(manifest.state), possible at mp \(manifest.degrees)")
        for mp in manifest.degrees {
          let request = PartitionRequest(rank: 0, mp: mp, model: manifest.name, revision: manifest.revision)
          let plan = try await client.plan(for: request)
          let largest = plan.tensors.max { $0.byteRange.count < $1.byteRange.count }
          print(
            "  mp \(mp): rank 0 has \(plan.tensors.count) tensors, \(plan.byteCount) bytes, most in \(largest?.name ?? "none")"
          )
        }
      }
    }
  }
}
