/// A pattern of tensor names, matched against the whole name.
///
/// - `#` is a number: a layer's or an expert's; the first is the layer, the second the expert
/// - `*` is any text, also none; `?` any one character
/// - `{a,b}` is either text; `[a]` is the text or nothing (choices and options hold no other special characters)
///
/// Matching takes time in proportion to the pattern times the name: there is no backtracking to exploit.
public struct NamePattern: Sendable, Hashable {
  /// The text that it was made from.
  public let text: String
  private let nodes: [Node]

  private enum Node: Hashable {
    case byte(UInt8)
    case any
    case many
    case number
    case choice([[UInt8]])
  }

  /// A pattern that no name matches.
  static let nothing = NamePattern(text: "", nodes: [.choice([])])

  /// Whether it has a `#`.
  var hasNumbers: Bool { nodes.contains(.number) }

  /// Whether which names match can depend on the value of a number in them, other than by a `#`.
  var dependsOnDigits: Bool { text.utf8.contains { $0 == UInt8(ascii: "?") || ($0 >= 0x30 && $0 <= 0x39) } }

  private init(text: String, nodes: [Node]) {
    self.text = text
    self.nodes = nodes
  }

  /// Characters that a pattern may have.
  public static let lengthLimit = 1024

  /// Parses a pattern; nil where a bracket is not closed, or it is too long.
  public init?(_ text: String) {
    self.text = text
    var nodes: [Node] = []
    let bytes = Array(text.utf8)
    guard bytes.count <= NamePattern.lengthLimit else { return nil }
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "#"): nodes.append(.number)
      case UInt8(ascii: "*"): if nodes.last != .many { nodes.append(.many) }
      case UInt8(ascii: "?"): nodes.append(.any)
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        let isOption = bytes[index] == UInt8(ascii: "[")
        let closing = isOption ? UInt8(ascii: "]") : UInt8(ascii: "}")
        guard let end = bytes[index...].firstIndex(of: closing) else { return nil }
        let inside = bytes[(index + 1)..<end].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        nodes.append(.choice(inside.map(Array.init) + (isOption ? [[]] : [])))
        index = end
      default: nodes.append(.byte(bytes[index]))
      }
      index += 1
    }
    self.nodes = nodes
  }

  /// The numbers at the pattern's `#`s where the name matches; nil where it does not.
  public func match(_ name: String) -> [Int]? {
    match(Array(name.utf8))
  }

  /// Like `match(_:)`, of a name's UTF-8: for a name that is held against many patterns.
  func match(_ name: [UInt8]) -> [Int]? {
    var pending = [State(node: 0, at: 0, numbers: [])]
    var seen: Set<Branch> = []
    while var state = pending.popLast() {
      if advance(&state, in: name) { return state.numbers }
      guard state.node < nodes.count, seen.insert(Branch(node: state.node, at: state.at)).inserted else { continue }
      pending.append(contentsOf: branches(of: state, in: name))
    }
    return nil
  }

  /// A place in the pattern and in the name.
  private struct State {
    var node: Int
    var at: Int
    var numbers: [Int]
  }

  private struct Branch: Hashable {
    let node: Int
    let at: Int
  }

  /// Follows the nodes that leave no choice. True where the whole name matched; otherwise the state is left at a node with a
  /// choice, or past the last where the name does not match.
  private func advance(_ state: inout State, in name: [UInt8]) -> Bool {
    while state.node < nodes.count {
      switch nodes[state.node] {
      case .byte(let byte):
        guard state.at < name.count, name[state.at] == byte else { return fail(&state) }
        state.at += 1
      case .any:
        guard state.at < name.count else { return fail(&state) }
        state.at += 1
      case .number:
        let digits = name[state.at...].prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard !digits.isEmpty, digits.count <= 9 else { return fail(&state) }
        state.numbers.append(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
        state.at += digits.count
      case .many, .choice:
        return false
      }
      state.node += 1
    }
    return state.at == name.count
  }

  private func fail(_ state: inout State) -> Bool {
    state.node = nodes.count
    state.at = -1
    return false
  }

  /// Whether a name's rest can begin as a node does; true where that would take longer to tell than to try.
  private func canBegin(_ node: Int, with rest: ArraySlice<UInt8>) -> Bool {
    guard node < nodes.count else { return rest.isEmpty }
    switch nodes[node] {
    case .byte(let byte): return rest.first == byte
    case .number: return rest.first.map { $0 >= 0x30 && $0 <= 0x39 } ?? false
    case .any: return !rest.isEmpty
    case .choice(let texts): return texts.contains { rest.starts(with: $0) }
    case .many: return true
    }
  }

  private func branches(of state: State, in name: [UInt8]) -> [State] {
    let next = state.node + 1
    switch nodes[state.node] {
    case .many:
      // Where the text ends that it stands for: only where what follows can begin. The nearest is tried first.
      return (state.at...name.count).reversed().filter { canBegin(next, with: name[$0...]) }
        .map { State(node: next, at: $0, numbers: state.numbers) }
    case .choice(let texts):
      return texts.filter { name[state.at...].starts(with: $0) }
        .map { State(node: next, at: state.at + $0.count, numbers: state.numbers) }
    case .byte, .any, .number:
      return []
    }
  }
}
