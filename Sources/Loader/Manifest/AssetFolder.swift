public import Platform

/// The folder with what a model needs beside its weights: the tokenizer's files and settings of generation. Files that are not on the
/// list are not there for anyone who asks, whatever the folder holds.
public struct AssetFolder: Sendable {
  /// The folder: the checkpoint's, or the one that the manifest's `assets` names.
  public let path: String
  private let roots: Roots

  /// Bytes that a file may have: a tokenizer of a million words has less than a quarter of this.
  public static let sizeLimit: UInt64 = 256 << 20

  /// - Parameter roots: the folders that files may lie in, links followed.
  init(path: String, roots: Roots) {
    self.path = path
    self.roots = roots
  }

  /// The folder of a checkpoint.
  init(_ candidate: Candidate, assets: String?) {
    self.init(path: assets.map { Path.join(candidate.folder, $0) } ?? candidate.folder, roots: candidate.roots)
  }

  /// The files on the list that are there, by path below the folder.
  public var names: [String] {
    let top = listing("").filter(AssetFolder.isListed)
    let templates = listing(AssetFolder.templates).map { "\(AssetFolder.templates)/\($0)" }
    return (top + templates.filter(AssetFolder.isListed)).sorted()
  }

  /// Opens a file on the list, if it is there and is a regular file beneath the roots.
  public func open(_ name: String) -> SourceFile? {
    guard AssetFolder.isListed(name), let file = try? roots.open(Path.join(path, name)),
      file.size <= AssetFolder.sizeLimit
    else { return nil }
    return file
  }

  private func listing(_ folder: String) -> [String] {
    guard let resolved = try? Roots.resolve(Path.join(path, folder)), roots.contain(resolved: resolved) else {
      return []
    }
    return (try? Folder.names(in: resolved)) ?? []
  }

  // MARK: The list

  /// Whether a file is one that tokenizers, processors and generation are made of. Neither weights nor their indices are: their names
  /// here are those of the partitions. Programs (`modeling_*.py`) are not either.
  ///
  /// Source: transformers `tokenization_utils_base.py` (`SPECIAL_TOKENS_MAP_FILE` and its neighbours), `utils/__init__.py`
  /// (`*_NAME`), `models/*/tokenization_*.py` (`VOCAB_FILES_NAMES`); mistral-common `tokens/tokenizers/mistral.py`.
  static func isListed(_ name: String) -> Bool {
    guard Path.isInside(name) else { return false }
    if Path.folder(of: name) == templates { return name.hasSuffix(".jinja") }
    guard !name.contains("/") else { return false }
    return files.contains(name) || patterns.contains { $0.match(name) != nil }
  }

  private static let templates = "additional_chat_templates"

  private static let files: Set<String> = [
    "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json", "vocab.txt", "vocab.bpe", "encoder.json", "merges.txt", "tokenizer.model", "spiece.model",
    "sentencepiece.bpe.model", "source.spm", "target.spm", "tiktoken.model", "tekken.json", "normalizer.json",
    "chat_template.jinja", "chat_template.json", "preprocessor_config.json", "processor_config.json",
    "video_preprocessor_config.json",
  ]

  private static let patterns = ["tokenizer.model.v#", "*.tiktoken"].compactMap { NamePattern($0) }
}
