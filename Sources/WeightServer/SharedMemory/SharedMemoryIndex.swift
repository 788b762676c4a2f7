/// Which partitions lie in shared memory, under a budget: who waits for one that is being made, and what goes when another needs room. It
/// has no lock, no clock and no memory inside.
struct SharedMemoryIndex<Memory: Sendable, Waiter: Sendable>: Sendable {
  /// What to do for who asks.
  enum Answer: Sendable {
    /// It is there.
    case ready
    /// Make it; the waiter is called at its end.
    case make
    /// Another makes it; the waiter is called at its end.
    case wait
    /// There is no room.
    case refused
  }

  private enum State {
    case making([Waiter])
    case ready(Memory)
  }

  private struct Entry {
    let bytes: Int
    var state: State
    var lastUse: UInt64
  }

  /// Bytes that all may have together.
  let budget: Int
  /// Bytes that they have, those that are being made among them.
  private(set) var bytes = 0
  private var entries: [String: Entry] = [:]
  private var uses: UInt64 = 0

  /// An empty index.
  init(budget: Int) {
    self.budget = budget
  }

  /// How many there are.
  var count: Int { entries.count }

  /// Asks for a partition of so many bytes. Those that were not asked for longest, and that nobody has mapped, go where room is needed.
  mutating func ask(_ id: String, bytes wanted: Int, _ waiter: Waiter, isUsed: (Memory) -> Bool) -> Answer {
    uses += 1
    if var entry = entries[id] {
      entry.lastUse = uses
      defer { entries[id] = entry }
      guard case .making(let waiters) = entry.state else { return .ready }
      entry.state = .making(waiters + [waiter])
      return .wait
    }
    guard wanted <= budget, makeRoom(for: wanted, isUsed: isUsed) else { return .refused }
    entries[id] = Entry(bytes: wanted, state: .making([waiter]), lastUse: uses)
    bytes += wanted
    return .make
  }

  private mutating func makeRoom(for wanted: Int, isUsed: (Memory) -> Bool) -> Bool {
    let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }
    var victims: [String] = []
    var free = budget - bytes
    for (id, entry) in oldest where free < wanted {
      guard case .ready(let memory) = entry.state, !isUsed(memory) else { continue }
      victims.append(id)
      free += entry.bytes
    }
    guard free >= wanted else { return false }
    for id in victims { remove(id) }
    return true
  }

  private mutating func remove(_ id: String) {
    guard let entry = entries.removeValue(forKey: id) else { return }
    bytes -= entry.bytes
  }

  /// What lies there, to be handed out.
  mutating func use(_ id: String) -> Memory? {
    guard case .ready(let memory)? = entries[id]?.state else { return nil }
    uses += 1
    entries[id]?.lastUse = uses
    return memory
  }

  /// It was made, or with nil could not be.
  /// - Returns: who waited.
  mutating func finished(_ id: String, _ memory: Memory?) -> [Waiter] {
    guard case .making(let waiters)? = entries[id]?.state else { return [] }
    if let memory { entries[id]?.state = .ready(memory) } else { remove(id) }
    return waiters
  }
}
