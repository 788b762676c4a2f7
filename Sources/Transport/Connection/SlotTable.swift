/// Objects by tokens that name them while they are in the table and nothing afterwards, though their places are used again.
struct SlotTable<Element> {
  private var slots: [(element: Element?, generation: UInt32)] = []
  private var free: [UInt32] = []

  /// Whether nothing is in the table.
  var isEmpty: Bool { free.count == slots.count }

  /// Everything in the table.
  var all: [Element] { slots.compactMap(\.element) }

  /// Takes an object in.
  /// - Returns: its token.
  mutating func insert(_ element: Element) -> UInt64 {
    let index: Int
    if let place = free.popLast() {
      index = Int(place)
      slots[index].element = element
    } else {
      index = slots.count
      slots.append((element, 0))
    }
    return UInt64(slots[index].generation) << 32 | UInt64(UInt32(truncatingIfNeeded: index))
  }

  /// The object of a token; nil where it was removed.
  subscript(token: UInt64) -> Element? {
    let index = Int(token & 0xFFFF_FFFF)
    guard index < slots.count, slots[index].generation == UInt32(token >> 32) else { return nil }
    return slots[index].element
  }

  /// Removes the object of a token, if it is there.
  mutating func remove(_ token: UInt64) {
    let index = Int(token & 0xFFFF_FFFF)
    guard self[token] != nil else { return }
    slots[index] = (nil, slots[index].generation &+ 1)
    free.append(UInt32(truncatingIfNeeded: index))
  }
}
