import WeightServerClient

/// Fetches all ranks of an mp again and again with several workers at once, and says how that went:
/// `LoadTest [URL [MP [WORKERS [REQUESTS]]]]`. It ends with an error if a request failed.
@main struct LoadTest {
  static func main() async throws {
    let arguments = CommandLine.arguments
    let numbers = arguments.dropFirst(2).compactMap { Int($0) } + [4, 8, 64].dropFirst(max(arguments.count - 2, 0))
    let (mp, workers, requests) = (numbers[0], max(numbers[1], 1), numbers[2])
    var configuration = ClientConfiguration()
    configuration.maximumTransfers = workers
    configuration.maximumIdleConnections = workers
    configuration.retry = .never
    let url = arguments.count > 1 ? arguments[1] : "http://127.0.0.1:8080"
    try await withWeightClient(url, configuration: configuration) { client in
      let start = ContinuousClock.now
      let results = await withTaskGroup(of: [Measurement].self) { group in
        for worker in 0..<workers {
          group.addTask {
            var measurements: [Measurement] = []
            var memory = PartitionMemory()
            for number in stride(from: worker, to: requests, by: workers) {
              let request = PartitionRequest(rank: number % mp, mp: mp)
              measurements.append(await Measurement(of: request, by: client, into: &memory))
            }
            return measurements
          }
        }
        var all: [Measurement] = []
        for await measurements in group { all += measurements }
        return all
      }
      let seconds = start.duration(to: .now) / .seconds(1)
      let times = results.map(\.time).sorted()
      let bytes = results.reduce(0) { $0 + $1.bytes }
      let failures = results.compactMap(\.error)
      print("\(results.count) requests by \(workers) workers in \(seconds) s: \(Double(bytes) / seconds / 1e6) MB/s")
      if let middle = times.dropFirst(times.count / 2).first, let last = times.last {
        print("median \(middle), longest \(last), \(failures.count) failed")
      }
      if let first = failures.first { throw first }
    }
  }
}

/// One request: how long it took, and what came of it.
struct Measurement: Sendable {
  let time: Duration
  var bytes = 0
  var error: WeightClientError?

  init(of request: PartitionRequest, by client: WeightClient, into memory: inout PartitionMemory) async {
    let start = ContinuousClock.now
    do throws(WeightClientError) {
      bytes = try await client.fetch(request, into: &memory).byteCount
    } catch {
      self.error = error
    }
    time = start.duration(to: .now)
  }
}
