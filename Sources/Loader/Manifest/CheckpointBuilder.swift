import Platform

/// Makes a checkpoint of what a layout found: the family by the names, whole tensors from the ranks' shards, the revision.
struct CheckpointBuilder {
  private let raw: RawCheckpoint
  private var warnings: [String]
  private let isStrict: Bool

  init(_ raw: RawCheckpoint) {
    self.raw = raw
    warnings = (raw.manifest?.warnings ?? []) + raw.warnings
    isStrict = raw.manifest?.isStrict ?? false
  }

  consuming func build(
    name: String, files: [FileTable.Entry], identities: [String]
  ) throws(LoaderError) -> Checkpoint {
    var reasons = raw.reasons
    let family = try chooseFamily(&reasons)
    let extra = try extraRules()
    let table = RoleTable(family, raw.context, extra: extra)
    try checkOtherValues(table)
    let tensors = try assemble(table)
    return Checkpoint(
      name: name, sourceType: raw.sourceType, reasons: reasons, family: family, context: raw.context,
      parallelization: raw.parallelization, version: raw.version, moduleKey: raw.moduleKey, tensors: tensors,
      files: files, revision: revision(family, files: files, identities: identities), warnings: warnings,
      keepsEmbeddingsWhole: raw.keepsEmbeddingsWhole, vocabularySize: raw.manifest?.vocabularySize, extraRules: extra)
  }

  // MARK: Family

  private func chooseFamily(_ reasons: inout [String]) throws(LoaderError) -> Family {
    if let named = raw.manifest?.family {
      guard let family = FamilyRegistry.family(named: named) else {
        throw LoaderError(
          .invalidCheckpoint,
          "family \"\(named.escaped)\" is unknown; known are "
            + FamilyRegistry.all.map(\.name).joined(separator: ", "))
      }
      reasons.append("family \(family.name): the manifest's family key")
      return family
    }
    if let family = raw.family { return family }
    let names = (raw.ranks.first?.map(\.name) ?? []) + raw.whole.map(\.name)
    let (family, matched) = FamilyRegistry.family(ofNames: names, context: raw.context)
    reasons.append("family \(family.name): \(matched) of \(names.count) tensor names are its")
    return family
  }

  private func extraRules() throws(LoaderError) -> [NameRule] {
    var rules: [NameRule] = []
    for (pattern, text) in raw.manifest?.rules ?? [] {
      guard let parsed = NamePattern(pattern) else {
        throw LoaderError(.invalidCheckpoint, "rule \(pattern.escaped) is malformed: a bracket is not closed")
      }
      guard let role = Role(manifestName: text) else {
        throw LoaderError(
          .invalidCheckpoint,
          "rule \(pattern.escaped) is \"\(text.escaped)\"; it is one of "
            + Role.manifestNames.map(\.name).joined(separator: ", "))
      }
      rules.append(NameRule(pattern: parsed, role: role))
    }
    return rules
  }

  /// A value that is no tensor is passed over, unless it stands where the family has a tensor.
  private func checkOtherValues(_ table: RoleTable) throws(LoaderError) {
    for (name, kind) in raw.otherValues where table.entry(of: name) != nil {
      throw LoaderError(.invalidCheckpoint, "\(name.escaped) is \(kind), where a tensor is expected")
    }
  }

  // MARK: Tensors

  private mutating func assemble(_ table: RoleTable) throws(LoaderError) -> [LogicalTensor] {
    var tensors = try assembleShards(table)
    let assembler = ShardAssembler(geometry: raw.context.geometry)
    var names = Set(tensors.map(\.name))
    for whole in raw.whole {
      guard names.insert(whole.name).inserted else {
        throw LoaderError(.invalidCheckpoint, "\(whole.name.escaped) stands twice in the checkpoint")
      }
      let entry = table.entry(of: whole.name)
      tensors.append(placed(try assembler.check(whole, role: entry?.role ?? .replicated), entry, table))
    }
    guard !tensors.isEmpty else {
      throw LoaderError(.invalidCheckpoint, "no tensor was found\(raw.moduleKey.map { " below \($0)" } ?? "")")
    }
    try note(unknown: tensors.lazy.map(\.name).filter { table.entry(of: $0) == nil })
    return tensors
  }

  private mutating func assembleShards(_ table: RoleTable) throws(LoaderError) -> [LogicalTensor] {
    guard let first = raw.ranks.first else { return [] }
    let shards = try shardsByName(first)
    let assembler = ShardAssembler(geometry: raw.context.geometry, holdsVocabularyWhole: raw.keepsEmbeddingsWhole)
    var tensors: [LogicalTensor] = []
    tensors.reserveCapacity(first.count)
    for (index, named) in first.enumerated() {
      let entry = table.entry(of: named.name)
      let result = try assembler.assemble(
        name: named.name, role: entry?.role ?? .replicated, shards: shards[index])
      try note(differing: result.differing, of: named.name)
      tensors.append(placed(result.tensor, entry, table))
    }
    return tensors
  }

  /// A tensor that knows its layer, its expert and its side of the layers.
  private func placed(_ tensor: LogicalTensor, _ entry: RoleTable.Entry?, _ table: RoleTable) -> LogicalTensor {
    var tensor = tensor
    tensor.layer = entry?.layer
    tensor.expert = entry?.expert
    if let entry, let layers = table.layeredOrders { tensor.isBeforeLayers = entry.order < layers.lowerBound }
    return tensor
  }

  /// What each rank holds of each of the first rank's tensors: every rank has the same names.
  private func shardsByName(_ first: [NamedTensor]) throws(LoaderError) -> [[StoredTensor]] {
    var indices: [String: Int] = [:]
    for (index, named) in first.enumerated() where indices.updateValue(index, forKey: named.name) != nil {
      throw LoaderError(.invalidCheckpoint, "\(named.name.escaped) stands twice in the checkpoint")
    }
    var shards = first.map { [$0.tensor] }
    for (rank, tensors) in raw.ranks.enumerated().dropFirst() {
      for named in tensors {
        guard let index = indices[named.name], shards[index].count == rank else {
          throw LoaderError(
            .invalidCheckpoint,
            indices[named.name] == nil
              ? "rank \(rank) has \(named.name.escaped), which rank 0 lacks"
              : "\(named.name.escaped) stands twice on rank \(rank)")
        }
        shards[index].append(named.tensor)
      }
      if let index = shards.firstIndex(where: { $0.count != rank + 1 }) {
        throw LoaderError(
          .invalidCheckpoint, "rank \(rank) lacks \(first[index].name.escaped), which rank 0 has")
      }
    }
    return shards
  }

  private mutating func note(differing ranks: [Int], of name: String) throws(LoaderError) {
    if ranks.isEmpty { return }
    let list = ranks.map(String.init).joined(separator: ", ")
    let text =
      "\(name.escaped) is held whole by every rank, but differs from rank 0's on rank \(list); rank 0's is served"
    if isStrict { throw LoaderError(.invalidCheckpoint, text) }
    warnings.append(text)
  }

  private mutating func note(unknown names: some Collection<String>) throws(LoaderError) {
    guard let first = names.first else { return }
    if isStrict {
      throw LoaderError(
        .invalidCheckpoint, "\(first.escaped) is known to no rule, and strict is true; add it to the manifest's rules")
    }
    for name in names.prefix(20) {
      warnings.append("\(name.escaped) is known to no rule of the family: every rank holds it whole")
    }
    if names.count > 20 { warnings.append("\(names.count - 20) more names are known to no rule") }
  }

  // MARK: Revision

  private func revision(_ family: Family, files: [FileTable.Entry], identities: [String]) -> String {
    var hash = SHA256()
    hash.update(field: "weight-server revision 1")
    hash.update(field: raw.sourceType)
    hash.update(field: family.name)
    hash.update(field: raw.manifest?.identity ?? "")
    for (entry, identity) in zip(files, identities) {
      hash.update(field: entry.name)
      hash.update(field: identity)
    }
    return hash.finish().prefix(20).hexadecimal
  }
}
