extension Catalog {
  /// How the checkpoints are, in a line.
  var summary: String {
    let names = all.map(\.state.name)
    if names.isEmpty { return "no checkpoint" }
    let counts = ["ready", "stale", "loading", "failed"].map { state in (state, names.count { $0 == state }) }
    return "checkpoints: " + counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
  }
}
