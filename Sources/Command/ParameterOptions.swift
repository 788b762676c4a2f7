import ArgumentParser

/// The parameters of a partition that the contract lists, beside rank, mp and model, as options of a command.
///
/// They are passed on as they are: what they may be is checked where the partition is planned, and said there.
struct ParameterOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Whose tensor names and layouts: source or hf.", valueName: "source|hf"))
  var names: String?

  @Option(
    help: ArgumentHelp("Element type to cast to: native, float32, float16, bfloat16, float8_e4m3fn, float8_e5m2."))
  var dtype: String?

  @Option(help: ArgumentHelp("Quantize linear weights: none, int8 or int4."))
  var quantize: String?

  @Option(help: ArgumentHelp("Quantization groups per tensor."))
  var groups: String?

  @Option(name: .customLong("group-size"), help: ArgumentHelp("Values per quantization group."))
  var groupSize: String?

  @Flag(
    name: .customLong("mlp-extra-grouping"), help: ArgumentHelp("Double the groups of MLP weights, as DeepSpeed does."))
  var mlpExtraGrouping = false

  @Option(help: ArgumentHelp("Number of pipeline stages; takes --pp-rank."))
  var pp: String?

  @Option(name: .customLong("pp-rank"), help: ArgumentHelp("The pipeline stage whose layers are wanted."))
  var ppRank: String?

  @Option(help: ArgumentHelp("Number of expert-parallel ranks; takes --ep-rank."))
  var ep: String?

  @Option(name: .customLong("ep-rank"), help: ArgumentHelp("The expert-parallel rank whose experts are wanted, whole."))
  var epRank: String?

  @Option(help: ArgumentHelp("What becomes of embeddings: auto, split or whole."))
  var embeddings: String?

  @Option(
    name: .customLong("vocab-multiple"),
    help: ArgumentHelp("Pad vocabulary rows with zeros to a multiple of this times mp."))
  var vocabMultiple: String?

  @Option(name: .customLong("vocab-size"), help: ArgumentHelp("Drop vocabulary rows beyond this many."))
  var vocabSize: String?

  @Option(help: ArgumentHelp("Comma-separated patterns of tensor names.", valueName: "patterns"))
  var tensors: String?

  @Option(help: ArgumentHelp("The revision to which the content is pinned."))
  var revision: String?

  /// The parameters that were given, by the contract's names and in its order; `revision`, which is none of the plan's, apart.
  var pairs: [(name: String, value: String)] {
    let all: [(name: String, value: String?)] = [
      ("names", names), ("dtype", dtype), ("quantize", quantize), ("groups", groups), ("group_size", groupSize),
      ("mlp_extra_grouping", mlpExtraGrouping ? "true" : nil), ("pp", pp), ("pp_rank", ppRank), ("ep", ep),
      ("ep_rank", epRank), ("embeddings", embeddings), ("vocab_multiple", vocabMultiple), ("vocab_size", vocabSize),
      ("tensors", tensors),
    ]
    return all.compactMap { parameter in parameter.value.map { (parameter.name, $0) } }
  }
}
