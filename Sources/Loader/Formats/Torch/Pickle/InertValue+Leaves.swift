extension InertValue {
  /// Most values that `leaves(limit:)` gives.
  static let leafLimit = 1_000_000
  /// Most bytes of a name that `leaves(limit:)` joins.
  static let nameLimit = 16_384

  /// The values below a dictionary and the dictionaries in it, each with its keys joined by dots, in order.
  ///
  /// A state dict is such a dictionary, or a tree of them in old Megatron files. A dictionary that is shared counts as often as
  /// it is referred to, so the number of values is limited.
  /// - Throws: an error without a file's name: a key that is no text or occurs twice, or too many values.
  func leaves(limit: Int = InertValue.leafLimit) throws(LoaderError) -> [(name: String, value: InertValue)] {
    var found: [(name: String, value: InertValue)] = []
    var names: Set<[UInt8]> = []
    // Dictionaries that are being walked; nesting is limited, as the machine has checked.
    var path: [(prefix: String, entries: [InertGraph.ID], next: Int)] = [("", graph.entries(id), 0)]
    var visited = 0
    while let last = path.last {
      guard last.next + 1 < last.entries.count else {
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 2
      let value = at(last.entries[last.next + 1])
      guard let key = graph.text(last.entries[last.next]) else {
        throw LoaderError(
          .invalidCheckpoint, "has a key that is no text in its state dict, below '\(last.prefix.escaped)'")
      }
      visited += 1
      guard visited <= limit else {
        throw LoaderError(.invalidCheckpoint, "has more than \(limit) values in its state dict")
      }
      let name = last.prefix.isEmpty ? key : last.prefix + "." + key
      guard name.utf8.count <= InertValue.nameLimit else {
        throw LoaderError(
          .invalidCheckpoint, "has a name of more than \(InertValue.nameLimit) bytes in its state dict")
      }
      if value.isDictionary {
        path.append((name, graph.entries(value.id), 0))
      } else {
        guard names.insert(Array(name.utf8)).inserted else {
          throw LoaderError(.invalidCheckpoint, "has the name \(name.escaped) twice in its state dict")
        }
        found.append((name, value))
      }
    }
    return found
  }
}
