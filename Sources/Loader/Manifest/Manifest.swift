/// A manifest: DeepSpeed's JSON, which names a checkpoint's type, files, parallelization and source degree, and our optional keys.
///
/// Source: DeepSpeed `runtime/state_dict_factory.py`, `SDLoaderFactory.get_sd_loader_json`.
struct Manifest: Sendable {
  /// What framework's layout the files have.
  var type: SourceType
  /// The files.
  var checkpoints: Files
  /// The version of the layout, where given.
  var version: Double?
  /// `tp` or `pp`, where given.
  var parallelization: String?
  /// The source's tensor-parallel degree, where given.
  var sourceDegree: Int?
  /// The folder of the files, where it is not the manifest's.
  var baseFolder: String?
  /// The name to serve it by, where given.
  var name: String?
  /// Under which key of a torch dictionary the state dict lies; nil for `auto`.
  var moduleKey: String?
  /// The model family, where given.
  var family: String?
  /// The user's own patterns and what they are, in order.
  var rules: [(pattern: String, role: String)] = []
  /// The folder of `config.json` and tokenizer files, where it is not the checkpoint's.
  var assets: String?
  /// Whether an unknown name or unequal replicas are errors.
  var isStrict = false
  /// Rows of the vocabulary that count.
  var vocabularySize: Int?
  /// Whether the manifest's version is right where the files contradict it.
  var overridesVersion = false
  /// SHA-256 of files, in hexadecimal, by name.
  var digests: [String: String] = [:]
  /// What was odd about the text.
  var warnings: [String] = []
  /// The keys and values that are part of the content's identity, in an order of their own.
  var identity = ""

  /// The frameworks whose layouts a manifest can name.
  enum SourceType: String, Sendable, CaseIterable {
    case megatron = "Megatron"
    case bloom = "BLOOM"
    case dsModel = "ds_model"
  }

  /// The files as the manifest gives them.
  enum Files: Sendable, Hashable {
    /// In the order of ranks, or of pipeline parts.
    case list([String])
    /// A folder or a glob.
    case pattern(String)
    /// ds_model's: files of the ranks, part by part, and files that every rank reads.
    case parts(tensorParallel: [String], shared: [String])
  }
}
