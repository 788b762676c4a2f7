import Platform

/// Makes a checkpoint of what a layout found: the family by the names, whole tensors from the ranks' shards, the revision.
struct CheckpointBuilder {
  private var raw: RawCheckpoint
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
    if let configuration = raw.configuration { try family.configure(configuration, &raw.context) }
    dropIgnored(family)
    var table = RoleTable(family, raw.context, extra: extra, fallback: raw.fallbackRules)
    try checkOtherValues(&table)
    let tensors = try assemble(&table)
    return Checkpoint(
      name: name, sourceType: raw.sourceType, reasons: reasons, family: family, context: raw.context,
      parallelization: raw.parallelization, version: raw.version, moduleKey: raw.moduleKey, tensors: tensors,
      files: files, revision: revision(family, files: files, identities: identities), warnings: warnings,
      keepsEmbeddingsWhole: raw.keepsEmbeddingsWhole, vocabularySize: raw.manifest?.vocabularySize, extraRules: extra,
      arguments: raw.arguments, configurationText: raw.configurationText)
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
    let (family, matched, count) = FamilyRegistry.family(ofNames: names, context: raw.context)
    reasons.append("family \(family.name): \(matched) of \(count) tensor names are its")
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
    return rules + raw.rules
  }

  private mutating func dropIgnored(_ family: Family) {
    guard !family.ignored.isEmpty else { return }
    for rank in raw.ranks.indices { raw.ranks[rank].removeAll { family.ignores($0.name) } }
    raw.whole.removeAll { family.ignores($0.name) }
  }

  /// A value that is no tensor is passed over, unless it stands where the family has a tensor.
  private func checkOtherValues(_ table: inout RoleTable) throws(LoaderError) {
    for (name, kind) in raw.otherValues where table.entry(of: name) != nil {
      throw LoaderError(.invalidCheckpoint, "\(name.escaped) is \(kind), where a tensor is expected")
    }
  }

  // MARK: Tensors

  private mutating func assemble(_ table: inout RoleTable) throws(LoaderError) -> [LogicalTensor] {
    let found = try gather()
    guard !found.isEmpty else {
      throw LoaderError(.invalidCheckpoint, "no tensor was found\(raw.moduleKey.map { " below \($0)" } ?? "")")
    }
    let names = found.map(\.name)
    let shapes = found.map(\.shape)
    let scales = ScaledWeights(names: names)
    let entries = scales.entries(of: names, table: &table)
    var tensors: [LogicalTensor?] = Array(repeating: nil, count: found.count)
    // Scales are dealt with their weights, whose whole shapes must be known first.
    for index in scales.weightsFirst {
      let role = try scales.role(
        of: index, as: entries[index]?.role ?? .replicated, block: raw.context.weightBlock, shapes: shapes,
        weight: scales.weight(of: index).flatMap { tensors[$0] })
      var tensor = try assemble(found[index], role)
      tensor.layer = entries[index]?.layer
      tensor.expert = entries[index]?.expert
      if let entry = entries[index] { tensor.isBeforeLayers = entry.isBeforeLayers }
      tensors[index] = tensor
    }
    try note(unknown: names.indices.filter { entries[$0] == nil }.map { names[$0] })
    let whole = tensors.compactMap { $0 }
    warnings +=
      Completeness(
        tensors: whole, entries: entries, geometry: raw.context.geometry, configuration: raw.configuration
      ).warnings
    return whole
  }

  /// What the source has of one tensor.
  private enum Found {
    /// What each tensor-parallel rank holds.
    case shards(String, [StoredTensor])
    /// The whole.
    case whole(WholeTensor)

    var name: String {
      switch self {
      case .shards(let name, _): name
      case .whole(let tensor): tensor.name
      }
    }

    /// The shape as the first rank has it.
    var shape: [Int] {
      switch self {
      case .shards(_, let shards): shards.first?.shape ?? []
      case .whole(let tensor): tensor.shape
      }
    }
  }

  /// The tensors of the ranks, then those that are known whole; each name once.
  private func gather() throws(LoaderError) -> [Found] {
    let first = raw.ranks.first ?? []
    let shards = try shardsByName(first)
    var found = zip(first, shards).map { Found.shards($0.name, $1) }
    guard !raw.whole.isEmpty else { return found }
    var names = Set(first.map(\.name))
    for whole in raw.whole {
      guard names.insert(whole.name).inserted else {
        throw LoaderError(.invalidCheckpoint, "\(whole.name.escaped) stands twice in the checkpoint")
      }
      found.append(.whole(whole))
    }
    return found
  }

  private mutating func assemble(_ found: Found, _ role: Role) throws(LoaderError) -> LogicalTensor {
    let assembler = ShardAssembler(geometry: raw.context.geometry, holdsVocabularyWhole: raw.keepsEmbeddingsWhole)
    switch found {
    case .shards(let name, let shards):
      let result = try assembler.assemble(name: name, role: role, shards: shards)
      try note(differing: result.differing, of: name)
      return result.tensor
    case .whole(let whole):
      return try assembler.check(whole, role: role)
    }
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
      "\(name.escaped) is held whole by every rank, but differs from rank 0's on rank \(list); each rank is served its own"
      + " source rank's copy"
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
    hash.update(field: raw.context.identity)
    for (entry, identity) in zip(files, identities) {
      hash.update(field: entry.name)
      hash.update(field: identity)
    }
    return hash.finish().prefix(20).hexadecimal
  }
}
