extension Role {
  /// The roles that a manifest's `rules` can give a pattern, by the names it gives them by.
  public static let manifestNames: [(name: String, role: Role)] = [
    ("replicated", .replicated), ("column", .column), ("row", .row), ("column_transposed", .columnTransposed),
    ("row_transposed", .rowTransposed), ("vocabulary", .vocabulary), ("query_heads", .queryHeads),
    ("key_value_heads", .keyValueHeads), ("qkv_blocks", .fusedQKV(.blocks)), ("qkv_heads", .fusedQKV(.heads)),
    ("qkv_groups", .fusedQKV(.groups)), ("qkv_multi_query", .fusedQKV(.multiQuery)), ("gate_up", .fusedColumns(2)),
    ("experts_column", .stackedExperts(.column)), ("experts_row", .stackedExperts(.row)),
  ]

  /// The role of a name in a manifest's `rules`.
  public init?(manifestName: String) {
    guard let found = Role.manifestNames.first(where: { $0.name == manifestName }) else { return nil }
    self = found.role
  }
}
