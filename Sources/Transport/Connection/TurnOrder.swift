/// The order in which connections take turns to send: who waits longest is next, and nobody waits twice.
struct TurnOrder {
  private var waiting: [UInt64] = []
  private var first = 0
  private var members: Set<UInt64> = []

  /// Whether nobody waits.
  var isEmpty: Bool { first == waiting.count }

  /// Puts a connection behind all others; one that waits already keeps its place.
  mutating func append(_ token: UInt64) {
    if members.insert(token).inserted { waiting.append(token) }
  }

  /// Takes the one out that waits longest.
  mutating func next() -> UInt64? {
    guard first < waiting.count else { return nil }
    let token = waiting[first]
    first += 1
    members.remove(token)
    // The front that was taken is dropped once it is the larger part.
    if first == waiting.count {
      waiting.removeAll(keepingCapacity: true)
      first = 0
    } else if first > 32, first * 2 > waiting.count {
      waiting.removeFirst(first)
      first = 0
    }
    return token
  }
}
