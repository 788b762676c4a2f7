extension PickleMachine {
  /// The opcodes that make or fill lists, tuples, sets and dictionaries; others are passed on.
  mutating func executeContainer(_ opcode: PickleOpcode) throws(PickleFailure) {
    switch opcode {
    case .emptyList: try push(new: graph.add(sequence: [], as: { .list($0) }))
    case .list: try push(new: graph.add(sequence: try popToMark(), as: { .list($0) }))
    case .append: try append([try pop()])
    case .appends: try append(try popToMark())
    case .emptyTuple: try push(InertGraph.emptyTuple)
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .tuple: try push(new: graph.add(sequence: try popToMark(), as: { .tuple($0) }))
    case .emptySet: try push(new: graph.add(sequence: [], as: { .set($0) }))
    case .frozenSet: try push(new: graph.add(sequence: try popToMark(), as: { .frozenSet($0) }))
    case .addItems: try addItems(try popToMark())
    case .emptyDictionary: try push(new: graph.add(mapping: InertGraph.Mapping()))
    case .dictionary:
      let entries = try popToMark()
      try push(new: graph.add(mapping: InertGraph.Mapping()))
      try setItems(entries)
    case .setItem:
      let value = try pop()
      try setItems([try pop(), value])
    case .setItems: try setItems(try popToMark())
    default: try executeObject(opcode)
    }
  }

  private mutating func pushTuple(_ count: Int) throws(PickleFailure) {
    var items: [InertGraph.ID] = []
    for _ in 0..<count { items.append(try pop()) }
    try push(new: graph.add(sequence: items.reversed(), as: { .tuple($0) }))
  }

  private mutating func append(_ items: [InertGraph.ID]) throws(PickleFailure) {
    switch graph[try top()] {
    case .list(let index): graph.sequences[Int(index)] += items
    case .object(let index): graph.objects[Int(index)].elements += items
    default: throw .refused("appends to something that is no list, before byte \(position)")
    }
  }

  private mutating func addItems(_ items: [InertGraph.ID]) throws(PickleFailure) {
    switch graph[try top()] {
    case .set(let index): graph.sequences[Int(index)] += items
    case .object(let index): graph.objects[Int(index)].elements += items
    default: throw .refused("adds to something that is no set, before byte \(position)")
    }
  }

  private mutating func setItems(_ entries: [InertGraph.ID]) throws(PickleFailure) {
    guard entries.count.isMultiple(of: 2) else {
      throw .refused("has a key without a value, before byte \(position)")
    }
    for index in stride(from: 0, to: entries.count, by: 2) {
      switch graph[entries[index]] {
      case .list, .dictionary, .set:
        throw .refused("uses a list, dictionary or set as a key, before byte \(position)")
      default: break
      }
    }
    switch graph[try top()] {
    case .dictionary(let index): graph.mappings[Int(index)].entries += entries
    case .object(let index): graph.objects[Int(index)].entries += entries
    default: throw .refused("sets items of something that is no dictionary, before byte \(position)")
    }
  }
}
