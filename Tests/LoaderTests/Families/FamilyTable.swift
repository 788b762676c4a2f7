import Testing

@testable import Loader

/// What a family's table says of names, for tests that hold it against a list.
struct FamilyTable {
  private var table: RoleTable

  init(_ family: Family, _ context: FamilyContext = FamilyContext()) {
    table = RoleTable(family, context)
  }

  /// The context that a `config.json` gives a family.
  init(_ family: Family, configuration text: String) throws {
    table = RoleTable(family, try FamilyTable.context(family, configuration: text))
  }

  static func context(_ family: Family, configuration text: String) throws -> FamilyContext {
    let object = try #require(try JSONValue(parsing: Array(text.utf8)).asObject)
    let configuration = HuggingFaceConfiguration(object: object)
    var context = FamilyContext()
    context.geometry = try configuration.geometry()
    try family.configure(configuration, &context)
    return context
  }

  /// The role of a name.
  mutating func role(_ name: String) -> Role? { table.entry(of: name)?.role }

  /// Records an issue for each name that is not what the list says.
  mutating func check(_ expected: [(name: String, role: Role?)]) {
    for (name, role) in expected {
      let found = table.entry(of: name)?.role
      #expect(found == role, "\(name)")
    }
  }
}
