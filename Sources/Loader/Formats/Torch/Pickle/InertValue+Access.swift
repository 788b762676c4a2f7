extension InertValue {
  /// The integer, where it is one.
  var asInteger: Int? { graph.integer(id) }

  /// The number, where it is one: an integer too.
  var asNumber: Double? {
    switch graph[id] {
    case .number(let value): value
    case .integer(let value): Double(value)
    default: nil
    }
  }

  /// The text, where it is one.
  var asText: String? { graph.text(id) }

  /// The truth value, where it is one.
  var asBoolean: Bool? {
    if case .boolean(let value) = graph[id] { value } else { nil }
  }

  /// The tensor, where it is one.
  var asTensor: StoredTensor? {
    if case .tensor(let tensor) = kind { tensor } else { nil }
  }

  /// The integers of a list or tuple (a `torch.Size` is one), where it holds nothing else.
  var asIntegers: [Int]? { graph.integers(id) }

  /// The values of a list or tuple.
  var items: [InertValue]? { graph.items(id)?.map { at($0) } }

  /// Whether it is `None`.
  var isNone: Bool {
    if case .none = graph[id] { true } else { false }
  }

  /// Whether it is a dictionary.
  var isDictionary: Bool {
    if case .dictionary = graph[id] { true } else { false }
  }

  /// The keys that are texts, of a dictionary or of an object's attributes, in order.
  var keys: [String] {
    graph.attributes(id).flatMap { list in
      stride(from: 0, to: list.count - 1, by: 2).compactMap { graph.text(list[$0]) }
    }
  }

  /// How many keys of a dictionary were given more than once: the last value is the one that counts.
  var repeatedKeys: Int {
    if case .dictionary(let index) = graph[id] { graph.mappings[Int(index)].repeated } else { 0 }
  }

  /// The name of an object's class, or of the function that makes it.
  var className: String? {
    if case .object(let name) = kind { name } else { nil }
  }

  /// The arguments that an object is made of.
  var arguments: [InertValue] {
    guard case .object(let index) = graph[id] else { return [] }
    return graph.items(graph.objects[Int(index)].arguments)?.map { at($0) } ?? []
  }

  /// The state that BUILD gave an object, the last one where there are several.
  var state: InertValue? {
    guard case .object(let index) = graph[id] else { return nil }
    return graph.objects[Int(index)].state.map { at($0) }
  }

  /// The value of a key of a dictionary, or of an attribute of an object; a search through all of them.
  subscript(key: String) -> InertValue? {
    let wanted = key.utf8
    for list in graph.attributes(id).reversed() {
      for position in stride(from: list.count - 2, through: 0, by: -2) {
        if let text = graph.text(list[position]), text.utf8.elementsEqual(wanted) { return at(list[position + 1]) }
      }
    }
    return nil
  }
}

extension InertGraph {
  /// The keys and values of a dictionary by turns, those of what it was made of first; of anything else none.
  func entries(_ id: ID) -> [ID] {
    var parts: [[ID]] = []
    var next: ID? = id
    while let current = next {
      next = nil
      switch self[current] {
      case .dictionary(let index):
        parts.append(mappings[Int(index)].entries)
        next = mappings[Int(index)].base
      case .list(let index):
        parts.append(pairs(sequences[Int(index)]))
      default: break
      }
    }
    return parts.count == 1 ? parts[0] : Array(parts.reversed().joined())
  }

  private func pairs(_ sequence: [ID]) -> [ID] {
    sequence.flatMap { id in
      guard let pair = items(id), pair.count == 2 else { return [ID]() }
      return pair
    }
  }

  /// Lists of keys and values by turns in which a name is looked up, the last one first.
  func attributes(_ id: ID) -> [[ID]] {
    switch self[id] {
    case .dictionary: return [entries(id)]
    case .object(let index):
      let object = objects[Int(index)]
      var lists: [[ID]] = []
      for state in object.earlierStates + (object.state.map { [$0] } ?? []) {
        switch self[state] {
        case .dictionary: lists.append(entries(state))
        // A pair: the attributes, and those that have slots.
        case .tuple(let pair) where sequences[Int(pair)].count == 2:
          lists += sequences[Int(pair)].map { entries($0) }
        default: break
        }
      }
      return lists + [object.entries]
    default: return []
    }
  }
}
