extension PickleMachine {
  /// The opcodes that name classes and functions, and those that would call them.
  mutating func executeObject(_ opcode: PickleOpcode) throws(PickleFailure) {
    switch opcode {
    case .global:
      let module = try line(limit: PickleLimits.name)
      try pushGlobal(PickleGlobal(module: module, name: try line(limit: PickleLimits.name)))
    case .stackGlobal:
      let name = try pop()
      guard let name = graph.text(name), let module = graph.text(try pop()) else {
        throw .refused("names a class by something that is no text, before byte \(position)")
      }
      guard module.utf8.count <= PickleLimits.name, name.utf8.count <= PickleLimits.name else {
        throw .refused("names a class by more than \(PickleLimits.name) bytes, before byte \(position)")
      }
      try pushGlobal(PickleGlobal(module: module, name: name))
    case .reduce, .newObject:
      let arguments = try pop()
      try make(try pop(), arguments)
    case .newObjectExtended:
      let keywords = try pop()
      let arguments = try pop()
      try make(try pop(), arguments)
      try build(keywords)
    case .instance: try executeInstance()
    case .object: try executeObjectFromMark()
    case .build: try build(try pop())
    case .persistentText:
      try push(new: graph.add(text: try line()))
      try pushPersistent()
    case .binaryPersistent: try pushPersistent()
    case .extension1, .extension2, .extension4:
      throw .refused("uses the extension registry, which no checkpoint does")
    default: throw .refused("has an opcode that is not allowed here: \(opcode.rawValue)")
    }
  }

  private mutating func pushGlobal(_ global: PickleGlobal) throws(PickleFailure) {
    if let known = graph.known(global) {
      try push(known)
      return
    }
    guard policy.allows(global) else {
      throw .refused(
        "refers to \(global.dotted.escaped), which is not known to be inert (pickle.allow_opaque extends the list)")
    }
    try push(new: graph.add(global: global))
  }

  private mutating func pushPersistent() throws(PickleFailure) {
    try push(new: graph.add(.persistent(try pop())))
  }

  private mutating func executeInstance() throws(PickleFailure) {
    let module = try line(limit: PickleLimits.name)
    let name = try line(limit: PickleLimits.name)
    let items = try popToMark()
    try pushGlobal(PickleGlobal(module: module, name: name))
    let type = try pop()
    try push(new: graph.add(sequence: items, as: { .tuple($0) }))
    try make(type, try pop())
  }

  private mutating func executeObjectFromMark() throws(PickleFailure) {
    let items = try popToMark()
    guard let type = items.first else {
      throw .refused("makes an object of no class, before byte \(position)")
    }
    try push(new: graph.add(sequence: Array(items.dropFirst()), as: { .tuple($0) }))
    try make(type, try pop())
  }

  /// Records the call of a class or function; those of the standard containers are the containers.
  private mutating func make(_ type: InertGraph.ID, _ arguments: InertGraph.ID) throws(PickleFailure) {
    guard case .global(let index) = graph[type] else {
      throw .refused("calls something that is no class or function, before byte \(position)")
    }
    guard case .tuple(let tuple) = graph[arguments] else {
      throw .refused("calls with arguments that are no tuple, before byte \(position)")
    }
    if let role = graph.roles[Int(index)], let made = makeContainer(role, graph.sequences[Int(tuple)]) {
      try push(new: made)
      return
    }
    try push(new: graph.add(object: InertGraph.Object(type: index, arguments: arguments)))
  }

  /// A container made of at most one other; nil for any other arguments.
  private mutating func makeContainer(_ role: InertGraph.Role, _ arguments: [InertGraph.ID]) -> InertGraph.ID?? {
    // The first argument of a `defaultdict` is what it makes missing values with.
    let arguments = role == .defaultDictionary ? arguments.dropFirst() : arguments[...]
    guard arguments.count <= 1 else { return nil }
    guard let source = arguments.first else {
      switch role {
      case .tuple: return InertGraph.emptyTuple
      case .set: return graph.add(sequence: [], as: { .set($0) })
      default: return graph.add(mapping: InertGraph.Mapping())
      }
    }
    switch (role, graph[source]) {
    case (.tuple, .tuple): return source
    case (.tuple, .list(let same)): return graph.add(.tuple(same))
    case (.set, .list(let same)), (.set, .tuple(let same)): return graph.add(.frozenSet(same))
    case (.dictionary, .dictionary), (.dictionary, .list), (.defaultDictionary, .dictionary),
      (.defaultDictionary, .list):
      return graph.add(mapping: InertGraph.Mapping(base: source))
    default: return nil
    }
  }

  private mutating func build(_ state: InertGraph.ID) throws(PickleFailure) {
    switch graph[try top()] {
    case .object(let index):
      if let earlier = graph.objects[Int(index)].state { graph.objects[Int(index)].earlierStates.append(earlier) }
      graph.objects[Int(index)].state = state
    // A state dict's `_metadata`, which says nothing of its tensors.
    case .dictionary, .set: break
    default: throw .refused("sets the state of something that has none, before byte \(position)")
    }
  }
}
