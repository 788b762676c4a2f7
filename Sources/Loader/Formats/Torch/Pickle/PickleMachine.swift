import Platform

/// Reads a pickle and builds the values that it describes. It imports nothing and calls nothing: a class or function is its name,
/// and what REDUCE would make by calling it is a record of the call.
///
/// Source: CPython `Lib/pickle.py`, class `_Unpickler`, and `Lib/pickletools.py`.
struct PickleMachine {
  /// What a pickle holds.
  struct Result {
    /// All of its values.
    var graph: InertGraph
    /// The value that it is.
    let root: InertGraph.ID
    /// The index one past its STOP.
    let end: Int
  }

  var cursor: ByteCursor
  var graph = InertGraph()
  let policy: PicklePolicy
  var memo = PickleMemo()
  private(set) var stack: [InertGraph.ID] = []
  private(set) var marks: [Int] = []

  /// Runs the pickle that begins at an index of `bytes`.
  static func run(
    _ bytes: [UInt8], from start: Int = 0, policy: PicklePolicy
  ) throws(PickleFailure) -> Result {
    var machine = PickleMachine(cursor: ByteCursor(bytes, in: start..<bytes.count), policy: policy)
    while true {
      let opcode = try machine.nextOpcode()
      if opcode == .stop { break }
      try machine.execute(opcode)
    }
    let root = try machine.pop()
    guard machine.stack.isEmpty, machine.marks.isEmpty else {
      throw .refused("stops with \(machine.stack.count) values and \(machine.marks.count) marks left over")
    }
    try machine.graph.finish()
    return Result(graph: machine.graph, root: root, end: machine.cursor.position)
  }

  private mutating func nextOpcode() throws(PickleFailure) -> PickleOpcode {
    let position = cursor.position
    let byte = try byte()
    guard let opcode = PickleOpcode(rawValue: byte) else {
      throw .refused("has \(byte) at byte \(position), which is no opcode of protocols 0 to 5")
    }
    return opcode
  }

  /// The opcodes that only move values about; others are passed on.
  private mutating func execute(_ opcode: PickleOpcode) throws(PickleFailure) {
    switch opcode {
    case .proto:
      let version = try byte()
      guard version <= 5 else { throw .refused("is of protocol \(version); protocols 0 to 5 are known") }
    case .frame:
      _ = try length(UInt64.self)
    case .mark:
      guard marks.count < PickleLimits.marks else { throw .refused("sets more than \(PickleLimits.marks) marks") }
      marks.append(stack.count)
    case .pop:
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .duplicate: try push(try top())
    case .getText: try recall(try decimalIndex())
    case .binaryGet: try recall(UInt32(try byte()))
    case .longBinaryGet: try recall(try number(UInt32.self))
    case .putText: memo[try decimalIndex()] = try top()
    case .binaryPut: memo[UInt32(try byte())] = try top()
    case .longBinaryPut: memo[try number(UInt32.self)] = try top()
    case .memoize:
      guard let index = UInt32(exactly: memo.count) else { throw .refused("remembers too many values") }
      memo[index] = try top()
    default: try executeScalar(opcode)
    }
  }

  private mutating func recall(_ index: UInt32) throws(PickleFailure) {
    guard let id = memo[index] else { throw .refused("recalls value \(index), which it never remembered") }
    try push(id)
  }

  private mutating func decimalIndex() throws(PickleFailure) -> UInt32 {
    let text = try line()
    guard let index = UInt32(text) else { throw .refused("has a memo index that is no number: \(text.escaped)") }
    return index
  }
}

/// The stack.
extension PickleMachine {
  /// Pushes a value.
  mutating func push(_ id: InertGraph.ID) throws(PickleFailure) {
    guard stack.count < PickleLimits.stack else {
      throw .refused("stacks more than \(PickleLimits.stack) values")
    }
    stack.append(id)
  }

  /// Pushes a value that was just made; nil says that there was no room for it.
  mutating func push(new id: InertGraph.ID?) throws(PickleFailure) {
    guard let id else { throw .refused("describes more than \(PickleLimits.nodes) values") }
    try push(id)
  }

  /// The value on top, above the last mark.
  func top() throws(PickleFailure) -> InertGraph.ID {
    guard let id = stack.last, stack.count > marks.last ?? 0 else {
      throw .refused("takes a value from an empty stack at byte \(cursor.position)")
    }
    return id
  }

  /// Takes the value on top.
  mutating func pop() throws(PickleFailure) -> InertGraph.ID {
    let id = try top()
    stack.removeLast()
    return id
  }

  /// Takes all values above the last mark, and the mark.
  mutating func popToMark() throws(PickleFailure) -> [InertGraph.ID] {
    guard let mark = marks.popLast() else {
      throw .refused("looks for a mark at byte \(cursor.position), and there is none")
    }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }
}

/// The bytes.
extension PickleMachine {
  /// The index of the next byte, for messages.
  var position: Int { cursor.position }

  /// The bytes up to the end of the line, as they are.
  mutating func rawLine() throws(PickleFailure) -> ArraySlice<UInt8> {
    do { return try cursor.line() } catch { throw PickleFailure(error) }
  }

  /// The next byte.
  mutating func byte() throws(PickleFailure) -> UInt8 {
    do { return try cursor.byte() } catch { throw PickleFailure(error) }
  }

  /// The next little-endian number, byte by byte: this way it is specialized here, where it is called most.
  mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type
  ) throws(PickleFailure) -> Number {
    var value: Number = 0
    for index in 0..<Number.bitWidth / 8 { value |= Number(try byte()) << Number(8 * index) }
    return value
  }

  /// The next `count` bytes.
  mutating func take(_ count: UInt64) throws(PickleFailure) -> ArraySlice<UInt8> {
    do { return try cursor.take(count) } catch { throw PickleFailure(error) }
  }

  /// A length that is followed by at least so many bytes.
  mutating func length<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type
  ) throws(PickleFailure) -> UInt64 {
    let count = UInt64(try number(type))
    do { _ = try cursor.checked(count) } catch { throw PickleFailure(error) }
    return count
  }

  /// The text up to the end of the line.
  mutating func line(limit: Int = PickleLimits.digits) throws(PickleFailure) -> String {
    let line = try rawLine()
    guard line.count <= limit else { throw .refused("has a line of \(line.count) bytes where \(limit) would do") }
    return try text(line)
  }

  /// Bytes as UTF-8 text.
  func text(_ bytes: ArraySlice<UInt8>) throws(PickleFailure) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .refused("has a text that is not UTF-8, before byte \(cursor.position)")
    }
    return text
  }
}

extension PickleFailure {
  init(_ error: ByteCursor.OutOfBounds) {
    let (needed, overflow) = UInt64(error.position).addingReportingOverflow(error.wanted)
    self = .truncated(needed: overflow ? .max : needed)
  }
}
