/// A way in which frameworks lay a checkpoint out in files. A new one is one file and a line in `LayoutRegistry`.
protocol SourceLayout: Sendable {
  /// What is looked for, for the error that lists it: "a DeepSpeed manifest (JSON with type and checkpoints)".
  var lookedFor: String { get }

  /// Why a candidate is of this layout; nil where it is not. Looks at names and first bytes only.
  func recognize(_ candidate: Candidate) -> String?

  /// Reads the metadata of the candidate's files.
  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint
}

/// The layouts that are known.
enum LayoutRegistry {
  /// All layouts, the most specific first: the first that recognizes a candidate reads it.
  static let all: [any SourceLayout] = [
    HuggingFaceFolder(), DeepSpeedManifest(), MegatronCoreFolder(), MegatronFolder(), DistributedFolder(),
    NumPyFolder(),
    SingleFile(),
  ]

  /// The layout of a candidate, and why it is that.
  static func layout(of candidate: Candidate) throws(LoaderError) -> (layout: any SourceLayout, reason: String) {
    for layout in all {
      if let reason = layout.recognize(candidate) { return (layout, reason) }
    }
    let what = candidate.file ?? candidate.path
    throw .invalid(
      what, "is no checkpoint that is known; looked for " + all.map(\.lookedFor).joined(separator: "; "))
  }
}
