/// A family's rules in a context, ready to look names up.
///
/// Names of a model differ mostly in the numbers of layers and experts, so the rule that a name was found to match is tried first
/// for the next name of the same text but for its numbers.
struct RoleTable: Sendable {
  private let rules: [NameRule]
  /// Where the family's own rules begin, and the first of them that names layers.
  private let firstOwn: Int
  private let firstLayered: Int
  private let remembers: Bool
  private var known: [[UInt8]: Int?] = [:]

  /// What a name was found to be.
  struct Entry: Hashable {
    /// What it is to the model.
    let role: Role
    /// Its layer, where the pattern has a number.
    let layer: Int?
    /// Its expert, where the pattern has a second number.
    let expert: Int?
    /// The rule's place in the family's table.
    let order: Int
    /// Whether other layers may lack it.
    let isOptional: Bool
    /// Whether it comes before the layers, and so belongs to the first pipeline stage; meaningless for a layer's own.
    let isBeforeLayers: Bool
  }

  /// A table whose `extra` rules (the manifest's, and the files' own) come before the family's, and whose `fallback` comes last.
  init(_ family: Family, _ context: FamilyContext, extra: [NameRule] = [], fallback: [NameRule] = []) {
    let own = family.rules(context)
    rules = extra + own + fallback
    firstOwn = extra.count
    firstLayered = extra.count + (own.firstIndex { $0.pattern.hasNumbers } ?? own.count)
    remembers = extra.allSatisfy { !$0.pattern.dependsOnDigits }
  }

  /// The first rule that a name matches.
  mutating func entry(of name: String) -> Entry? {
    let bytes = Array(name.utf8)
    guard remembers else { return scan(bytes) }
    let skeleton = RoleTable.skeleton(of: bytes)
    if let order = known[skeleton] {
      guard let order else { return nil }
      if let numbers = rules[order].pattern.match(bytes) { return entry(order, numbers, bytes) }
    }
    let found = scan(bytes)
    known[skeleton] = .some(found?.order)
    return found
  }

  private func scan(_ bytes: [UInt8]) -> Entry? {
    for (order, rule) in rules.enumerated() {
      if let numbers = rule.pattern.match(bytes) { return entry(order, numbers, bytes) }
    }
    return nil
  }

  private func entry(_ order: Int, _ numbers: [Int], _ name: [UInt8]) -> Entry {
    let rule = rules[order]
    // A manifest's rule says what a name is, not where in the model it stands: the family knows, if it knows the name.
    let place = order >= firstOwn ? order : rules[firstOwn...].firstIndex { $0.pattern.match(name) != nil }
    return Entry(
      role: rule.role, layer: numbers.first, expert: numbers.count > 1 ? numbers[1] : nil, order: order,
      isOptional: rule.isOptional, isBeforeLayers: place.map { $0 < firstLayered } ?? true)
  }

  /// A name with each number that stands between dots replaced by `#`. Numbers too long for a pattern are kept.
  static func skeleton(of name: [UInt8]) -> [UInt8] {
    let dot = UInt8(ascii: ".")
    var skeleton: [UInt8] = []
    skeleton.reserveCapacity(name.count)
    var start = 0
    while start <= name.count {
      let end = name[start...].firstIndex(of: dot) ?? name.count
      let part = name[start..<end]
      if !part.isEmpty, part.count <= 9, part.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
        skeleton.append(UInt8(ascii: "#"))
      } else {
        skeleton.append(contentsOf: part)
      }
      if end < name.count { skeleton.append(dot) }
      start = end + 1
    }
    return skeleton
  }
}
