/// What a cache folder holds and who uses it: the bookkeeping of single flight, use and budget, by events, with no file, lock or clock.
///
/// Times are nanoseconds since 1970, as files have them, so that the order of use survives a restart and is shared by daemons.
struct CacheIndex {
  /// How far an entry got.
  enum State: String, Sendable {
    /// It was found in the folder and not looked at.
    case unverified
    /// Its digest is being computed.
    case verifying
    /// It is being made.
    case writing
    /// It may be served.
    case stored
  }

  /// One partition.
  struct Entry: Sendable {
    /// Bytes that it has, or will have, on the disk.
    var bytes: Int
    /// When it was last asked for.
    var lastUse: Int64
    /// How far it got.
    var state: State
    /// Answers that are being sent from it.
    var pins = 0
    /// Which partition it is, where that is known.
    var partition: CachedPartition?
    /// The file whose bytes are known to be right.
    var seal: FileSeal?
  }

  /// What becomes of a request for a whole partition.
  enum Answer: Equatable {
    /// Send it from its file, which is kept until `unpin`.
    case stored
    /// Follow the one who makes it.
    case follow
    /// Look at the digest of what was found; do without it meanwhile.
    case verify
    /// Do without the cache meanwhile: it is being verified.
    case wait
    /// Make it; others follow. `stored`, `failed` or `found` must come.
    case make
    /// Too many are being made.
    case crowded
    /// It is not in the cache, and was not to be made.
    case absent
  }

  /// What becomes of the wish for room.
  enum Room: Equatable {
    /// There is.
    case granted
    /// Remove these first, which the index has forgotten already; then ask again.
    case evict([String])
    /// There cannot be.
    case refused
  }

  /// What happened so far.
  struct Counters: Sendable, Equatable {
    var hits = 0
    var misses = 0
    var executions = 0
    var evictions = 0
    var errors = 0
  }

  /// Partitions that are made at a time.
  static let writingLimit = 64

  /// Bytes that the folder may hold.
  let budget: Int
  private(set) var entries: [String: Entry] = [:]
  private(set) var counters = Counters()
  private var writing = 0

  init(budget: Int) {
    self.budget = budget
  }

  /// Bytes of all entries.
  var bytes: Int { entries.values.reduce(0) { $0 + $1.bytes } }

  // MARK: Requests

  /// Someone wants a whole partition.
  mutating func ask(_ id: String, for partition: CachedPartition, bytes: Int, mayMake: Bool, at now: Int64) -> Answer {
    guard var entry = entries[id] else {
      guard mayMake else { return .absent }
      counters.misses += 1
      guard writing < CacheIndex.writingLimit else { return .crowded }
      writing += 1
      entries[id] = Entry(bytes: bytes, lastUse: now, state: .writing, partition: partition)
      return .make
    }
    entry.lastUse = max(entry.lastUse, now)
    entry.partition = partition
    defer { entries[id] = entry }
    switch entry.state {
    case .stored:
      counters.hits += 1
      entry.pins += 1
      return .stored
    case .writing:
      counters.hits += 1
      return .follow
    case .unverified:
      counters.misses += 1
      entry.state = .verifying
      return .verify
    case .verifying:
      counters.misses += 1
      return .wait
    }
  }

  /// An answer was sent.
  mutating func unpin(_ id: String) {
    guard let pins = entries[id]?.pins, pins > 0 else { return }
    entries[id]?.pins = pins - 1
  }

  // MARK: Making

  /// The maker of a partition begins, and needs room for it.
  /// - Parameters:
  ///   - free: bytes that are free on the disk.
  ///   - usedBefore: only what was last used before may be evicted.
  mutating func reserve(_ id: String, free: Int, usedBefore: Int64 = .max) -> Room {
    guard let need = entries[id]?.bytes, need <= budget else { return .refused }
    let others = bytes - need
    // What is being made is counted, though it may not lie on the disk yet.
    var missing = max(need - (budget - others), need - free)
    guard missing > 0 else { return .granted }
    var victims: [String] = []
    let candidates = entries.filter { key, entry in
      key != id && entry.pins == 0 && (entry.state == .stored || entry.state == .unverified)
        && entry.lastUse < usedBefore
    }
    for (key, entry) in candidates.sorted(by: { ($0.value.lastUse, $0.key) < ($1.value.lastUse, $1.key) }) {
      victims.append(key)
      missing -= entry.bytes
      if missing <= 0 { break }
    }
    guard missing <= 0 else { return .refused }
    for victim in victims { entries[victim] = nil }
    return .evict(victims)
  }

  /// An entry was removed from the folder to make room.
  mutating func evicted() { counters.evictions += 1 }

  /// An entry that was to be removed is being sent by another daemon: it counts as just used.
  mutating func kept(_ id: String, bytes: Int, at now: Int64) {
    guard entries[id] == nil else { return }
    entries[id] = Entry(bytes: bytes, lastUse: now, state: .unverified)
  }

  /// A partition is really being made.
  mutating func executing() { counters.executions += 1 }

  /// A partition was made, or its digest is right: it may be served from that file.
  /// - Parameter pins: answers that are being sent from it already.
  mutating func stored(_ id: String, _ seal: FileSeal, pins: Int = 0, at now: Int64) {
    leaveWriting(id)
    guard var entry = entries[id] else { return }
    entry.state = .stored
    entry.seal = seal
    entry.pins += pins
    entry.lastUse = max(entry.lastUse, now)
    entries[id] = entry
  }

  /// A partition could not be made.
  /// - Parameter isError: whether something is wrong, rather than that there is no room.
  mutating func failed(_ id: String, isError: Bool) {
    leaveWriting(id)
    entries[id] = nil
    if isError { counters.errors += 1 }
  }

  /// The maker of a partition found that another daemon has made it.
  mutating func found(_ id: String) {
    leaveWriting(id)
    entries[id]?.state = .unverified
  }

  private mutating func leaveWriting(_ id: String) {
    if entries[id]?.state == .writing { writing -= 1 }
  }

  // MARK: The folder

  /// An entry is not what it was, or is gone.
  mutating func lost(_ id: String, isError: Bool) {
    if isError { counters.errors += 1 }
    guard let entry = entries[id], entry.state != .writing else { return }
    entries[id] = nil
  }

  /// What lies in the folder, listed at a time: other daemons add and remove too.
  mutating func merge(_ listing: [(id: String, bytes: Int, lastUse: Int64)], at time: Int64) {
    for found in listing where entries[found.id] == nil {
      entries[found.id] = Entry(bytes: found.bytes, lastUse: found.lastUse, state: .unverified)
    }
    let ids = Set(listing.map(\.id))
    for (id, entry) in entries
    where !ids.contains(id) && entry.pins == 0 && entry.lastUse < time
      && (entry.state == .stored || entry.state == .unverified)
    {
      entries[id] = nil
    }
  }

  /// Which partition an entry is that was found.
  mutating func describe(_ id: String, as partition: CachedPartition) {
    guard var entry = entries[id], entry.partition == nil else { return }
    entry.partition = partition
    entries[id] = entry
  }
}
