import Loader

/// The checkpoints by name, and what loads, failures and removals do to them. No file is touched here.
struct ManifestTable: Sendable {
  /// The checkpoints, in the order in which they were named.
  private(set) var entries: [ManifestEntry] = []
  /// Revisions beside the current one that each checkpoint goes on being served at.
  var previousLimit = 1
  private var lastNumber = 0

  /// A load that was begun: the newest of an entry counts, whatever the order in which they end.
  struct Load: Sendable {
    let number: Int
    let entry: Int
    let source: ManifestSource
    /// The name that the checkpoint must take; nil where what is read may name it.
    let name: String?
    /// Who is taken to have told of the checkpoint, once it is loaded; nil for who told of it before.
    var origin: ManifestEntry.Origin?
    /// What becomes of the entry if this fails and nothing was served under it before.
    let onFailure: OnFailure
  }

  /// What becomes of an entry that cannot be loaded, and under which nothing was served before.
  enum OnFailure: Sendable {
    /// It shows why.
    case stays
    /// It goes: whoever asked is told why.
    case vanishes
    /// It goes if only files are missing, which may come.
    case vanishesWhereIncomplete
  }

  /// The entry of a name.
  subscript(_ name: String) -> ManifestEntry? { entries.first { $0.name == name } }

  /// The entry of a number.
  func entry(_ number: Int) -> ManifestEntry? { entries.first { $0.number == number } }

  // MARK: Beginning

  /// Adds a checkpoint under the name it wants or the free one that is nearest, before it is read, so that it shows at once.
  mutating func add(
    _ source: ManifestSource, as wanted: String, origin: ManifestEntry.Origin, onFailure: OnFailure = .stays
  ) -> Load {
    lastNumber += 1
    let name = ManifestTable.free(wanted, among: entries)
    var entry = ManifestEntry(number: lastNumber, name: name, source: source, origin: origin)
    if case .configuration(let configured) = origin { entry.isRequired = configured.isRequired }
    entry.take(name: wanted, free: name)
    lastNumber += 1
    entry.load = lastNumber
    entries.append(entry)
    return Load(
      number: lastNumber, entry: entry.number, source: source, name: source.name,
      onFailure: onFailure)
  }

  /// Begins to load a checkpoint again, from where it was or from somewhere else; what is served is served on until that is done.
  /// - Returns: nil where there is no such entry.
  mutating func reload(
    _ number: Int, from source: ManifestSource? = nil, origin: ManifestEntry.Origin? = nil
  ) -> Load? {
    guard let index = entries.firstIndex(where: { $0.number == number }) else { return nil }
    lastNumber += 1
    entries[index].load = lastNumber
    return Load(
      number: lastNumber, entry: number, source: source ?? entries[index].source, name: entries[index].name,
      origin: origin, onFailure: .stays)
  }

  /// Notes that the configuration names a checkpoint.
  mutating func configure(_ number: Int, as source: Configuration.Source) {
    guard let index = entries.firstIndex(where: { $0.number == number }) else { return }
    entries[index].origin = .configuration(source)
    entries[index].isRequired = source.isRequired
  }

  // MARK: Ending

  /// The name that a checkpoint is served by, now that it was read and may have one of its own.
  /// - Returns: nil where the load does not count any more.
  mutating func name(_ load: Load, of checkpoint: Checkpoint) -> String? {
    guard let index = index(of: load) else { return nil }
    if load.name == nil, entries[index].wantedName != checkpoint.name {
      let others = entries.indices.filter { $0 != index }.map { entries[$0] }
      entries[index].take(name: checkpoint.name, free: ManifestTable.free(checkpoint.name, among: others))
    }
    return entries[index].name
  }

  /// Has a checkpoint served from here on. What was served before is kept for those who pinned it.
  /// - Returns: nil where the load does not count any more.
  mutating func settle(_ load: Load, as loaded: LoadedCheckpoint) -> ManifestEntry? {
    guard let index = index(of: load) else { return nil }
    var entry = entries[index]
    let revision = loaded.checkpoint.revision
    let before = ([entry.loaded].compactMap { $0 } + entry.previous).filter { $0.checkpoint.revision != revision }
    entry.previous = Array(before.prefix(previousLimit))
    entry.state = .ready(loaded)
    entry.source = load.source
    if let origin = load.origin { entry.origin = origin }
    entry.load = nil
    entry.reloadFailure = nil
    entries[index] = entry
    return entry
  }

  /// Lets go of what was served before and cannot be any more.
  mutating func drop(_ lost: [LoadedCheckpoint], of number: Int) {
    guard !lost.isEmpty, let index = entries.firstIndex(where: { $0.number == number }) else { return }
    entries[index].previous.removeAll { kept in lost.contains { $0 === kept } }
  }

  /// Notes that a checkpoint cannot be loaded. What was served before is served on.
  /// - Returns: the entry, as it is or was; nil where the load does not count any more.
  mutating func fail(_ load: Load, with error: LoaderError) -> ManifestEntry? {
    guard let index = index(of: load) else { return nil }
    entries[index].load = nil
    if entries[index].loaded != nil {
      entries[index].reloadFailure = error
    } else {
      entries[index].state = .failed(error)
    }
    let entry = entries[index]
    let vanishes =
      switch load.onFailure {
      case .stays: false
      case .vanishes: true
      case .vanishesWhereIncomplete: error.code == .missingFile
      }
    if vanishes, entry.loaded == nil { entries.remove(at: index) }
    return entry
  }

  /// Forgets a checkpoint. Who was given it keeps it.
  mutating func remove(_ number: Int) {
    entries.removeAll { $0.number == number }
  }

  /// Notes whether the files of a checkpoint are what was read.
  /// - Returns: whether it has just turned stale.
  mutating func note(_ loaded: LoadedCheckpoint, isCurrent: Bool, of number: Int) -> Bool {
    guard let index = entries.firstIndex(where: { $0.number == number }), entries[index].loaded === loaded else {
      return false
    }
    let wasCurrent = if case .ready = entries[index].state { true } else { false }
    entries[index].state = isCurrent ? .ready(loaded) : .stale(loaded)
    return wasCurrent && !isCurrent
  }

  private func index(of load: Load) -> Int? {
    entries.firstIndex { $0.number == load.entry && $0.load == load.number }
  }

  /// A name that none of the entries has.
  private static func free(_ name: String, among entries: [ManifestEntry]) -> String {
    if !entries.contains(where: { $0.name == name }) { return name }
    for number in 2... {
      let suffix = "-\(number)"
      let candidate = name.prefix(ManifestName.lengthLimit - suffix.count) + suffix
      if !entries.contains(where: { $0.name == candidate }) { return String(candidate) }
    }
    return name
  }
}
