/// A way in which frameworks lay a checkpoint out in files. A new one is one file and a line in `LayoutRegistry`.
protocol SourceLayout: Sendable {
  /// A word for it.
  var name: String { get }

  /// What is looked for, for the error that lists it: "a DeepSpeed manifest (JSON with type and checkpoints)".
  var lookedFor: String { get }

  /// The layouts, by name, that are also recognized where this one is, and that this one goes before; why is said beside each.
  var precedes: Set<String> { get }

  /// Why a candidate is of this layout; nil where it is not. Looks at names and first bytes only.
  func recognize(_ candidate: Candidate) -> String?

  /// Reads the metadata of the candidate's files.
  func read(_ candidate: Candidate, files: inout FileTable, options: LoadOptions) throws(LoaderError) -> RawCheckpoint
}

extension SourceLayout {
  var precedes: Set<String> { [] }
}

/// The layouts that are known.
enum LayoutRegistry {
  /// All layouts, in the order in which an error lists them.
  static let all: [any SourceLayout] = [
    HuggingFaceFolder(), DeepSpeedManifest(), DeepSpeedFolder(), UniversalFolder(), MegatronCoreFolder(),
    MegatronFolder(),
    DistributedFolder(), NumPyFolder(), SingleFile(),
  ]

  /// The layout of a candidate, and why it is that: the only one that recognizes it, or the one that goes before all others that do.
  /// - Throws: an error that lists what was found, or what was looked for.
  static func layout(of candidate: Candidate) throws(LoaderError) -> (layout: any SourceLayout, reason: String) {
    if let file = candidate.file, let hint = ForeignFile.hint(candidate.prefix, name: file) {
      throw .invalid(file, hint)
    }
    let found = all.compactMap { layout in layout.recognize(candidate).map { (layout: layout, reason: $0) } }
    let first = found.first { one in
      found.allSatisfy { $0.layout.name == one.layout.name || one.layout.precedes.contains($0.layout.name) }
    }
    if let first { return first }
    guard found.isEmpty else {
      throw .ambiguous(
        candidate.path, found.map { "\($0.layout.name) since \($0.reason)" }.joined(separator: ", and "),
        remedy:
          "name a file of the one that is meant (an index, .metadata, a manifest), or keep each in a folder of its own")
    }
    throw unknown(candidate)
  }

  private static func unknown(_ candidate: Candidate) -> LoaderError {
    if let hint = ForeignFile.hint(folder: candidate.names) { return .invalid(candidate.path, hint) }
    return .invalid(
      candidate.file ?? candidate.path,
      "is no checkpoint that is known; looked for " + all.map(\.lookedFor).joined(separator: "; "))
  }
}
