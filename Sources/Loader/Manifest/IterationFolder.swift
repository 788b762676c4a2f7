import Platform

/// The folder of one saved iteration of a Megatron-LM training run: the newest by its tracker file, or the folder itself.
///
/// Source: NVIDIA/Megatron-LM `megatron/training/checkpointing.py`, `get_checkpoint_tracker_filename`, `read_metadata`,
/// `get_checkpoint_name`: `latest_checkpointed_iteration.txt` holds a number or `release`.
struct IterationFolder {
  /// The folder's path relative to the checkpoint's; empty for itself.
  let path: String
  /// Why it is this one.
  let reason: String
  /// The names in it.
  let names: [String]

  static let tracker = "latest_checkpointed_iteration.txt"

  /// The iteration that a candidate means; nil where it is no folder of Megatron-LM's.
  static func find(_ candidate: Candidate) throws(LoaderError) -> IterationFolder? {
    if candidate.has(tracker) {
      let text = try candidate.read(tracker, limit: 1024)
      let name = try folderName(String(decoding: text, as: UTF8.self))
      return IterationFolder(
        path: name, reason: "\(tracker) names \(name)", names: try candidate.names(in: name))
    }
    guard candidate.file == nil else { return nil }
    let iterations = candidate.names.filter { $0 == "release" || iteration?.match($0) != nil }
    let isIteration = candidate.names.contains { RankFolderName($0) != nil || $0 == ".metadata" }
    guard !isIteration, !iterations.isEmpty else {
      return IterationFolder(path: "", reason: "the folder itself", names: candidate.names)
    }
    guard iterations.count == 1 else {
      throw .ambiguous(
        candidate.path, "there is no \(tracker), and the folder holds \(iterations.sorted().listed)",
        remedy: "name the folder of one")
    }
    return IterationFolder(
      path: iterations[0], reason: "\(iterations[0]) is its only iteration",
      names: try candidate.names(in: iterations[0]))
  }

  private static let iteration = NamePattern("iter_#")

  private static func folderName(_ text: String) throws(LoaderError) -> String {
    let word = String(text.prefix { !$0.isWhitespace })
    if word == "release" { return word }
    guard !word.isEmpty, word.count <= 12, word.allSatisfy({ $0.isASCII && $0.isNumber }) else {
      throw .invalid(tracker, "holds \"\(word.escaped)\"; it holds a number or release")
    }
    return "iter_" + String(repeating: "0", count: max(7 - word.count, 0)) + word
  }

  /// A file's path relative to the checkpoint's folder.
  func file(_ name: String) -> String { path.isEmpty ? name : Path.join(path, name) }
}
