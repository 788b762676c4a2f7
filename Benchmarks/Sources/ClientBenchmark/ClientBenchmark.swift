import Glibc
import WeightServerClient

/// Fetches a partition with the client library.
///
/// Reads commands from standard input, and answers each with a line:
///
///     PORT|URL MP RANK VERIFICATION memory|tensors|shared|FILE [CONNECTIONS]    ->    SECONDS BYTES
///
/// Memory is kept from command to command, so that all but the first find it touched. VERIFICATION is `header` or `digest`. `tensors`
/// takes each tensor as it arrives, and `shared` maps what the server shares over a Unix socket. CONNECTIONS is 1 unless it is given.
@main
struct ClientBenchmark {
  static func main() async throws {
    var memory = PartitionMemory()
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      guard (5...6).contains(words.count), let mp = Int(words[1]), let rank = Int(words[2]) else {
        throw Usage(description: "PORT|URL MP RANK VERIFICATION memory|tensors|shared|FILE [CONNECTIONS]")
      }
      var configuration = ClientConfiguration()
      configuration.verification = words[3] == "digest" ? .offeredDigest : .header
      configuration.connections = words.count == 6 ? Int(words[5]) ?? 1 : 1
      let url = UInt16(words[0]) == nil ? words[0] : "http://127.0.0.1:\(words[0])"
      let clock = ContinuousClock()
      let start = clock.now
      let client = try WeightClient(url, configuration: configuration)
      let count = try await fetch(PartitionRequest(rank: rank, mp: mp), words[4], client, into: &memory)
      let time = (clock.now - start).components
      print(Double(time.seconds) + Double(time.attoseconds) * 1e-18, count)
      fflush(nil)
    }
  }

  /// Brings a partition to where it is wanted; how many bytes it has.
  private static func fetch(
    _ request: PartitionRequest, _ target: String, _ client: WeightClient, into memory: inout PartitionMemory
  ) async throws -> Int {
    switch target {
    case "memory": return try await client.fetch(request, into: &memory).byteCount
    case "shared": return try await client.open(request).byteCount
    case "tensors":
      var count = 0
      for try await tensor in client.tensors(request) { count += tensor.byteRange.count }
      return count
    default: return try await client.fetch(request, toFile: target).byteCount
    }
  }
}

struct Usage: Error, CustomStringConvertible {
  let description: String
}
