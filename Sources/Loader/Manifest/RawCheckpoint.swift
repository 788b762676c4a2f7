/// What a layout found in its files: the tensors of each rank of the source, before they are put together.
struct RawCheckpoint {
  /// The source, as `__metadata__` names it.
  var sourceType: String
  /// What was detected, and by what.
  var reasons: [String]
  /// The tensors of each rank of the tensor-parallel group, in the files' order, under names that are the same on every rank.
  var ranks: [[NamedTensor]]
  /// Tensors that are known whole, from chunks of any shape or files that every rank shares; they follow those of the ranks.
  var whole: [WholeTensor] = []
  /// Values below the module key that are no tensors, with what they are.
  var otherValues: [(name: String, kind: String)] = []
  /// The model's numbers and the layout's version.
  var context = FamilyContext()
  /// Rules of the checkpoint's own, which go before the family's.
  var rules: [NameRule] = []
  /// What names are that neither those nor the family's rules know.
  var fallbackRules: [NameRule] = []
  /// The family, where something says it; else it is found by the names.
  var family: Family?
  /// The Hugging Face configuration beside the files, of which the family reads its own keys once it is known.
  var configuration: HuggingFaceConfiguration?
  /// The text of the `config.json` beside the files or in the manifest's `assets`.
  var configurationText: String?
  /// The plain values of the training's arguments.
  var arguments = TrainingArguments()
  /// How the source was parallelized.
  var parallelization = Checkpoint.Parallelization()
  /// The version of the layout, where it has one that means something.
  var version: String?
  /// The key below which the state dict was found.
  var moduleKey: String?
  /// What was odd.
  var warnings: [String] = []
  /// Whether embeddings stay whole by default.
  var keepsEmbeddingsWhole = false
  /// What the manifest said.
  var manifest: Manifest?
}

/// A tensor and its name.
struct NamedTensor: Sendable {
  /// Its name below the module key.
  let name: String
  /// What and where it is.
  let tensor: StoredTensor
}

/// A whole tensor, and the blocks that tile it.
struct WholeTensor: Sendable {
  /// Its name below the module key.
  let name: String
  /// The element's type.
  let dtype: DType
  /// The extents of the whole.
  let shape: [Int]
  /// The blocks that tile it.
  let boxes: [Box]

  /// A tensor of known blocks.
  init(name: String, dtype: DType, shape: [Int], boxes: [Box]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.boxes = boxes
  }

  /// A tensor that lies in one piece.
  init(_ named: NamedTensor) {
    let stored = named.tensor
    self.init(
      name: named.name, dtype: stored.dtype, shape: stored.shape,
      boxes: [Box(stored, at: Array(repeating: 0, count: stored.shape.count))])
  }
}
