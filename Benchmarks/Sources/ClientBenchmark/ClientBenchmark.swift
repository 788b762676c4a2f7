import Glibc
import WeightServerClient

/// Fetches a partition with the client library.
///
/// Reads commands from standard input, and answers each with a line:
///
///     PORT MP RANK VERIFICATION memory|FILE    ->    SECONDS BYTES
///
/// Memory is kept from command to command, so that all but the first find it touched. VERIFICATION is `header` or `digest`.
@main
struct ClientBenchmark {
  static func main() async throws {
    var memory = PartitionMemory()
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 5, let mp = Int(words[1]), let rank = Int(words[2]) else {
        throw Usage(description: "PORT MP RANK VERIFICATION memory|FILE")
      }
      var configuration = ClientConfiguration()
      configuration.verification = words[3] == "digest" ? .offeredDigest : .header
      let clock = ContinuousClock()
      let start = clock.now
      let client = try WeightClient("http://127.0.0.1:\(words[0])", configuration: configuration)
      let request = PartitionRequest(rank: rank, mp: mp)
      let result =
        words[4] == "memory"
        ? try await client.fetch(request, into: &memory) : try await client.fetch(request, toFile: words[4])
      let time = (clock.now - start).components
      print(Double(time.seconds) + Double(time.attoseconds) * 1e-18, result.byteCount)
      fflush(nil)
    }
  }
}

struct Usage: Error, CustomStringConvertible {
  let description: String
}
