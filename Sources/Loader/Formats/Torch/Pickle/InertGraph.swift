/// The values that a pickle describes, in one arena: each is an index, so that shared values stay shared, nesting costs no
/// stack, and freeing them is one step.
struct InertGraph: Sendable {
  /// A value's place in the arena.
  struct ID: Hashable, Sendable {
    let index: UInt32

    /// The place as an index of arrays beside the graph.
    var position: Int { Int(index) }
  }

  /// One value. Payloads without a type of their own are indices of the arrays below.
  enum Node: Sendable {
    case none
    case boolean(Bool)
    case integer(Int)
    case bigInteger(UInt32)
    case number(Double)
    case text(UInt32)
    case bytes(UInt32)
    case list(UInt32)
    case tuple(UInt32)
    case set(UInt32)
    /// A set that takes no more values: one that shares them with what it was made of.
    case frozenSet(UInt32)
    case dictionary(UInt32)
    case global(UInt32)
    case object(UInt32)
    case persistent(ID)
    case tensor(UInt32)
    case opaque(UInt32)
  }

  /// A dictionary: keys and values by turns, in order of insertion, after those of `base`.
  struct Mapping: Sendable {
    /// Keys and values by turns.
    var entries: [ID] = []
    /// A dictionary or a list of pairs that it was made of.
    var base: ID?
    /// How many keys were given again: the last value counts, as in Python.
    var repeated = 0
  }

  /// An instance of a class, or the result of a function, that was never made.
  struct Object: Sendable {
    /// The class or function: an index of `globals`.
    let type: UInt32
    /// The tuple of arguments.
    let arguments: ID
    /// The state that BUILD gave last.
    var state: ID?
    /// States that it gave before.
    var earlierStates: [ID] = []
    /// Keys and values by turns that were set on it.
    var entries: [ID] = []
    /// Values that were appended to it.
    var elements: [ID] = []
  }

  /// What calling a class of the standard library would make.
  enum Role: Sendable {
    case dictionary
    case defaultDictionary
    case set
    /// `torch.Size`, which is a tuple.
    case tuple
  }

  private(set) var nodes: [Node] = InertGraph.common
  var texts: [String] = []
  var byteStrings: [[UInt8]] = []
  var sequences: [[ID]] = [[]]
  var mappings: [Mapping] = []
  var objects: [Object] = []
  private(set) var globals: [PickleGlobal] = []
  /// What each global makes, where it is a container's class.
  private(set) var roles: [Role?] = []
  private var globalIDs: [PickleGlobal: ID] = [:]
  private(set) var tensors: [StoredTensor] = []

  /// Values that are everywhere, so that each is one: `None`, `False`, `True`, the empty tuple and small integers.
  private static let common: [Node] =
    [.none, .boolean(false), .boolean(true), .tuple(0)] + (0..<256).map { .integer($0) }

  /// Python's `None`.
  static let none = ID(index: 0)
  /// Python's `()`.
  static let emptyTuple = ID(index: 3)

  subscript(id: ID) -> Node { nodes[Int(id.index)] }

  /// The places of all values, in the order in which they were made: what a tuple or an argument holds is before it.
  var indices: Range<UInt32> { 0..<UInt32(nodes.count) }

  /// Adds a value; nil where there are too many.
  mutating func add(_ node: Node) -> ID? {
    guard nodes.count < PickleLimits.nodes else { return nil }
    nodes.append(node)
    return ID(index: UInt32(nodes.count - 1))
  }

  /// `True` or `False`.
  static func boolean(_ value: Bool) -> ID { ID(index: value ? 2 : 1) }

  /// Adds an integer, or finds a small one.
  mutating func add(integer: Int) -> ID? {
    (0..<256).contains(integer) ? ID(index: 4 + UInt32(integer)) : add(.integer(integer))
  }

  /// Adds a text.
  mutating func add(text: String) -> ID? {
    texts.append(text)
    return add(.text(UInt32(texts.count - 1)))
  }

  /// Adds a list, tuple or set of values.
  mutating func add(sequence: [ID], as make: (UInt32) -> Node) -> ID? {
    sequences.append(sequence)
    return add(make(UInt32(sequences.count - 1)))
  }

  /// Adds a dictionary.
  mutating func add(mapping: Mapping) -> ID? {
    mappings.append(mapping)
    return add(.dictionary(UInt32(mappings.count - 1)))
  }

  /// Adds an object.
  mutating func add(object: Object) -> ID? {
    objects.append(object)
    return add(.object(UInt32(objects.count - 1)))
  }

  /// The one value for a global, if the pickle named it before.
  func known(_ global: PickleGlobal) -> ID? { globalIDs[global] }

  /// Adds a global.
  mutating func add(global: PickleGlobal) -> ID? {
    globals.append(global)
    roles.append(InertGraph.containers[global.dotted])
    let id = add(.global(UInt32(globals.count - 1)))
    globalIDs[global] = id
    return id
  }

  private static let containers: [String: Role] = [
    "builtins.dict": .dictionary, "collections.OrderedDict": .dictionary, "collections.Counter": .dictionary,
    "collections.defaultdict": .defaultDictionary, "builtins.set": .set, "builtins.frozenset": .set,
    "torch.Size": .tuple,
  ]

  /// Makes a value a tensor.
  mutating func replace(_ id: ID, with tensor: StoredTensor) {
    tensors.append(tensor)
    nodes[Int(id.index)] = .tensor(UInt32(tensors.count - 1))
  }

  /// Makes a value the same as another.
  mutating func replace(_ id: ID, withCopyOf other: ID) {
    nodes[Int(id.index)] = self[other]
  }

  /// Makes a value opaque, for a reason.
  mutating func replace(_ id: ID, opaque reason: String) {
    texts.append(reason)
    nodes[Int(id.index)] = .opaque(UInt32(texts.count - 1))
  }

  /// The global that a value is, if it is one.
  func global(_ id: ID) -> PickleGlobal? {
    if case .global(let index) = self[id] { globals[Int(index)] } else { nil }
  }

  /// The text that a value is, if it is one.
  func text(_ id: ID) -> String? {
    if case .text(let index) = self[id] { texts[Int(index)] } else { nil }
  }

  /// The integer that a value is, if it is one that fits.
  func integer(_ id: ID) -> Int? {
    if case .integer(let value) = self[id] { value } else { nil }
  }

  /// The values of a tuple or a list.
  func items(_ id: ID) -> [ID]? {
    switch self[id] {
    case .tuple(let index), .list(let index): sequences[Int(index)]
    default: nil
    }
  }

  /// The integers of a tuple or list.
  func integers(_ id: ID) -> [Int]? {
    guard let items = items(id) else { return nil }
    var result: [Int] = []
    result.reserveCapacity(items.count)
    for item in items {
      guard let value = integer(item) else { return nil }
      result.append(value)
    }
    return result
  }
}
