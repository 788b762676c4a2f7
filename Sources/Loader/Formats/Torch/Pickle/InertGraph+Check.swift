extension InertGraph {
  /// Checks the finished graph: nesting within the limit, no container inside itself; and makes keys unique, the last one
  /// winning as in Python.
  ///
  /// An object's state is not followed: it is only ever looked into by name, so objects may refer to each other in rings.
  mutating func finish() throws(PickleFailure) {
    try checkNesting()
    for index in mappings.indices { removeRepeatedKeys(index) }
  }

  private func children(_ id: ID) -> (sequence: [ID], base: ID?) {
    switch self[id] {
    case .list(let index), .tuple(let index), .set(let index), .frozenSet(let index): (sequences[Int(index)], nil)
    case .dictionary(let index): (mappings[Int(index)].entries, mappings[Int(index)].base)
    default: ([], nil)
    }
  }

  private func isContainer(_ id: ID) -> Bool {
    switch self[id] {
    case .list, .tuple, .set, .frozenSet, .dictionary: true
    default: false
    }
  }

  /// A container whose children are being visited.
  private struct Visit {
    let id: ID
    var next = 0
    /// The height known so far: 1 for a container of plain values.
    var height: UInt16 = 1
  }

  /// One depth-first walk over all containers, with a stack of its own.
  private func checkNesting() throws(PickleFailure) {
    // 0: not visited; 1: being visited; else 1 + the height.
    var marks = [UInt16](repeating: 0, count: nodes.count)
    var path: [Visit] = []
    for index in indices {
      let start = ID(index: index)
      guard isContainer(start), marks[start.position] == 0 else { continue }
      path.append(Visit(id: start))
      marks[start.position] = 1
      while let last = path.last {
        let depth = path.count - 1
        guard let child = child(last.id, at: last.next) else {
          path.removeLast()
          marks[last.id.position] = last.height + 1
          if depth > 0 { path[depth - 1].height = max(path[depth - 1].height, last.height + 1) }
          if last.height > PickleLimits.depth { throw InertGraph.tooDeep }
          continue
        }
        path[depth].next += 1
        guard isContainer(child) else { continue }
        switch marks[child.position] {
        case 0:
          if path.count >= PickleLimits.depth { throw InertGraph.tooDeep }
          marks[child.position] = 1
          path.append(Visit(id: child))
        case 1: throw .refused("holds a container that contains itself")
        case let mark: path[depth].height = max(last.height, mark)
        }
      }
    }
  }

  private static let tooDeep = PickleFailure.refused("nests containers more than \(PickleLimits.depth) deep")

  private func child(_ id: ID, at index: Int) -> ID? {
    let (sequence, base) = children(id)
    if index < sequence.count { return sequence[index] }
    return index == sequence.count ? base : nil
  }

  private mutating func removeRepeatedKeys(_ index: Int) {
    let entries = mappings[index].entries
    guard entries.count > 2, entries.count > 32 || hasRepeatedKey(entries) else { return }
    var places: [Key: Int] = [:]
    var unique: [ID] = []
    var repeated = 0
    for position in stride(from: 0, to: entries.count - 1, by: 2) {
      guard let key = Key(entries[position], in: self) else {
        unique += [entries[position], entries[position + 1]]
        continue
      }
      if let place = places[key] {
        unique[place + 1] = entries[position + 1]
        repeated += 1
      } else {
        places[key] = unique.count
        unique += [entries[position], entries[position + 1]]
      }
    }
    guard repeated > 0 else { return }
    mappings[index].entries = unique
    mappings[index].repeated = repeated
  }

  /// Whether a key occurs twice: comparing all pairs is the fastest way for the few fields of an object, of which there can be
  /// millions.
  private func hasRepeatedKey(_ entries: [ID]) -> Bool {
    for first in stride(from: 0, to: entries.count - 3, by: 2) {
      for second in stride(from: first + 2, to: entries.count - 1, by: 2)
      where isSameKey(entries[first], entries[second]) {
        return true
      }
    }
    return false
  }

  private func isSameKey(_ first: ID, _ second: ID) -> Bool {
    switch (self[first], self[second]) {
    case (.integer(let first), .integer(let second)): first == second
    case (.text(let first), .text(let second)):
      first == second || ExactText(text: texts[Int(first)]) == ExactText(text: texts[Int(second)])
    default: false
    }
  }

  /// A key that is compared as Python compares it: texts scalar by scalar, not by canonical equivalence.
  private enum Key: Hashable {
    case integer(Int)
    case text(ExactText)

    init?(_ id: ID, in graph: InertGraph) {
      switch graph[id] {
      case .integer(let value): self = .integer(value)
      case .text(let index): self = .text(ExactText(text: graph.texts[Int(index)]))
      default: return nil
      }
    }
  }

  private struct ExactText: Hashable {
    let text: String

    static func == (left: ExactText, right: ExactText) -> Bool {
      left.text.utf8.count == right.text.utf8.count && left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
      var word: UInt64 = 0
      for (index, byte) in text.utf8.enumerated() {
        word = word << 8 | UInt64(byte)
        if index % 8 == 7 { hasher.combine(word) }
      }
      hasher.combine(word)
      hasher.combine(text.utf8.count)
    }
  }
}
