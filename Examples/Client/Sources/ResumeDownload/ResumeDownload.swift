import WeightServerClient

/// Fetches a partition into a file, and goes on where an earlier run stopped: `ResumeDownload URL FILE [STOP-AT]`.
///
/// With STOP-AT it ends once so many bytes are there, as if it were interrupted; what it has stays beside the file for the next run.
@main struct ResumeDownload {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 2 else { return print("usage: ResumeDownload URL FILE [STOP-AT]") }
    let stop = arguments.count > 3 ? Int(arguments[3]) ?? .max : .max
    var configuration = ClientConfiguration()
    configuration.keepsPartialWhenCancelled = true
    try await withWeightClient(arguments[1], configuration: configuration) { client in
      for try await event in client.events(of: PartitionRequest(rank: 0, mp: 1), toFile: arguments[2]) {
        switch event {
        case .progress(let progress) where progress.stored >= stop:
          return print("stopped at \(progress.stored) of \(progress.total) bytes")
        case .progress: break
        case .finished(let result):
          print("\(result.byteCount) bytes, \(result.resumedFrom) of them from an earlier run")
        }
      }
    }
  }
}
