import Foundation
import FoundationNetworking

/// Fetches a URL into memory, or into a file, with URLSession.
///
/// Reads commands from standard input, `URL memory|FILE`, and answers each with `SECONDS BYTES`.
@main
struct URLSessionBenchmark {
  static func main() async throws {
    let clock = ContinuousClock()
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 2, let url = URL(string: words[0]) else { return print("URL memory|FILE") }
      let start = clock.now
      let bytes: Int
      if words[1] == "memory" {
        bytes = try await URLSession.shared.data(from: url).0.count
      } else {
        let (file, answer) = try await URLSession.shared.download(from: url)
        bytes = Int(answer.expectedContentLength)
        let target = URL(fileURLWithPath: words[1])
        try? FileManager.default.removeItem(at: target)
        try FileManager.default.moveItem(at: file, to: target)
      }
      let time = (clock.now - start).components
      print(Double(time.seconds) + Double(time.attoseconds) * 1e-18, bytes)
      fflush(nil)
    }
  }
}
