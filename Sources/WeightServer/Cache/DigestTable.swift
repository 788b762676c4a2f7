/// The digests of bodies that are known, and who waits for one. A body's identity decides its bytes, so a digest never changes.
struct DigestTable<Waiter> {
  /// Digests that are kept.
  static var limit: Int { 100_000 }
  /// Bodies that are waiting to be read for their digest.
  static var queueLimit: Int { 64 }

  private var known: [String: [UInt8]] = [:]
  private var waiting: [String: [Waiter]] = [:]
  private var queued: Set<String> = []

  /// The digest of a body, if it is known.
  subscript(id: String) -> [UInt8]? { known[id] }

  /// Whether someone waits for a digest.
  func isAwaited(_ id: String) -> Bool { waiting[id] != nil }

  /// Someone waits for a digest.
  /// - Returns: whether it is known; then the waiter is not kept.
  mutating func wait(for id: String, _ waiter: Waiter) -> Bool {
    if known[id] != nil { return true }
    waiting[id, default: []].append(waiter)
    return false
  }

  /// A body is to be read for its digest.
  /// - Returns: whether it really is: it is not known, nobody reads it, and not too many wait.
  mutating func enqueue(_ id: String) -> Bool {
    guard known[id] == nil, queued.count < DigestTable.queueLimit else { return false }
    return queued.insert(id).inserted
  }

  /// Whether a body is to be read, or being read.
  func isQueued(_ id: String) -> Bool { queued.contains(id) }

  /// A digest was found.
  /// - Returns: whom to tell.
  mutating func learned(_ id: String, _ digest: [UInt8]) -> [Waiter] {
    if known.count >= DigestTable.limit, known[id] == nil { known.removeAll(keepingCapacity: true) }
    known[id] = digest
    return settle(id)
  }

  /// A digest cannot be found.
  /// - Returns: whom to tell.
  mutating func failed(_ id: String) -> [Waiter] { settle(id) }

  private mutating func settle(_ id: String) -> [Waiter] {
    queued.remove(id)
    return waiting.removeValue(forKey: id) ?? []
  }
}
