/// What a checkpoint's own `universal_checkpoint_info` says of how its parameters are cut.
///
/// Source: DeepSpeed `checkpoint/constants.py` and `checkpoint/ds_to_universal.py`, `merge_tp_slices`: lists of expressions that
/// match names; what none matches is concatenated along axis 0.
struct UniversalHints {
  /// The rules, which go before the family's.
  private(set) var rules: [NameRule] = []
  /// What is known to neither, where the hints are meant to be complete: it is column parallel.
  private(set) var fallback: [NameRule] = []
  /// Hints that could not be used.
  private(set) var warnings: [String] = []

  /// The lists, and what the parameters are that they name.
  ///
  /// Averaged parameters (norms of old runs, whose copies drifted apart) are taken as they are.
  private static let lists: [(key: String, role: Role)] = [
    ("tp_replicated_parameter_patterns", .replicated), ("parameter_to_average_patterns", .replicated),
    ("parameter_with_2_sub_params_cat_dim_0", .fusedColumns(2)), ("parameter_with_row_parallelism_patterns", .row),
    ("vocabulary_parameter_patterns", .vocabulary),
  ]

  /// Reads the hints in a file's outermost dictionary; nil where it has none.
  init?(_ root: InertValue) {
    guard let info = root["universal_checkpoint_info"], info.isDictionary else { return nil }
    for (key, role) in UniversalHints.lists {
      for expression in (info[key]?.items ?? []).compactMap(\.asText) { add(expression, role) }
    }
    for parameter in info["parameter_with_sub_params"]?.items ?? [] {
      let role = UniversalHints.role(ofParts: parameter)
      for expression in (parameter["patterns"]?.items ?? []).compactMap(\.asText) { add(expression, role) }
    }
    // A run of one rank may name nothing that is replicated: there all is whole.
    if info["tp_replicated_parameter_patterns"]?.items?.isEmpty == false { fallback = [NameRule("*", .column)] }
  }

  private mutating func add(_ expression: String, _ role: Role?) {
    guard let role, let pattern = RegularExpression.pattern(expression) else {
      warnings.append(
        "the hint \(expression.escaped) of universal_checkpoint_info is not understood: the family's rules apply")
      return
    }
    rules.append(NameRule(pattern: pattern, role: role))
  }

  /// A parameter of several parts along axis 0: so many equal ones, or a width for each. Nil where they are otherwise.
  private static func role(ofParts parameter: InertValue) -> Role? {
    guard parameter["partition_dim"]?.asInteger == 0, let first = parameter["shape"]?.items?.first else { return nil }
    if let count = first.asInteger { return (1...64).contains(count) ? .fusedColumns(count) : nil }
    guard let widths = first.asIntegers, let width = widths.first, widths.count <= 64 else { return nil }
    if widths.allSatisfy({ $0 == width }) { return .fusedColumns(widths.count) }
    return widths.count == 3 && widths[1] == widths[2] ? .fusedQKV(.blocks) : nil
  }
}
