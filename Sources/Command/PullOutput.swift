import Loader
import Platform
import WeightServerClient

/// Where a pull writes: from `-o`, and from the name that the server suggests.
struct PullOutput {
  /// The ranks that are pulled.
  let ranks: ClosedRange<Int>
  /// Of how many.
  let mp: Int
  /// The server's name for the first rank's file.
  let suggestion: String?

  /// The names of the files: `-o` as it is, or below the folder that it names, or in the current folder.
  func template(_ output: String?) throws(WeightClientError) -> FileTemplate {
    guard let output else { return FileTemplate(name) }
    if output.hasSuffix("/") || PullOutput.isFolder(output) { return FileTemplate(Path.join(output, name)) }
    guard ranks.count == 1 || output.contains("{rank}") else {
      throw WeightClientError(
        .request, .invalidArgument,
        "-o \(output.escaped) is one file for \(ranks.count) ranks: name a folder that is there, or put {rank} into the name"
      )
    }
    return FileTemplate(output)
  }

  /// The server's name with the rank's place left open.
  private var name: String {
    let ending = "-rank-\(ranks.lowerBound)-of-\(mp).safetensors"
    let stem = suggestion.flatMap { $0.hasSuffix(ending) ? String($0.dropLast(ending.count)) : nil }
    return (stem.map { $0 + "-" } ?? "") + "rank-{rank}-of-{mp}.safetensors"
  }

  private static func isFolder(_ path: String) -> Bool {
    (try? FileStatus.of(path: path))?.kind == .folder
  }
}
