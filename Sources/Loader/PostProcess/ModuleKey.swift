/// Finds the state dict inside a torch checkpoint's outer dictionary.
///
/// Source: DeepSpeed `runtime/state_dict_factory.py`, `SDLoaderBase.get_module_key`: `module`, then `model`, both of which is an
/// error. We also take the outer dictionary itself where it holds tensors, and join nested dictionaries with dots.
struct ModuleKey {
  /// The key the manifest gives; nil finds one.
  let given: String?
  /// Whether the file is one of DeepSpeed's inference dumps, which may hold no tensor, or quantized values with their scales.
  var isInferenceDump = false

  /// Where the state dict was found.
  struct Found {
    /// The key; nil where the outer dictionary is the state dict.
    let key: String?
    /// The tensors below it, nested names joined with dots, in order.
    var tensors: [NamedTensor] = []
    /// The lists of two tensors below it: quantized values and their scales, as DeepSpeed writes them.
    var pairs: [Pair] = []
    /// The values below it that are no tensors, and what they are.
    var others: [(name: String, kind: String)] = []
  }

  /// Quantized values and their scales.
  struct Pair: Sendable {
    let name: String
    let values: StoredTensor
    let scale: StoredTensor
  }

  /// The keys that mean a state dict.
  static let candidates = ["module", "model"]

  /// Finds the state dict in a file's outermost value.
  /// - Throws: an error without the file's name.
  func find(in root: InertValue) throws(LoaderError) -> Found {
    guard root.isDictionary else {
      throw LoaderError(.invalidCheckpoint, "holds no dictionary, so no state dict")
    }
    let key = try key(in: root)
    var found = Found(key: key)
    guard let start = key.map({ root[$0] }) ?? root else { return found }
    for (name, value) in try start.leaves() {
      if let tensor = value.asTensor {
        found.tensors.append(NamedTensor(name: name, tensor: tensor))
      } else if isInferenceDump, let items = value.items, items.count == 2, let values = items[0].asTensor,
        let scale = items[1].asTensor
      {
        found.pairs.append(Pair(name: name, values: values, scale: scale))
      } else {
        found.others.append((name, value.kindName))
      }
    }
    if found.tensors.isEmpty, found.pairs.isEmpty, !isInferenceDump {
      let keys = root.keys.prefix(10).map(\.escaped).joined(separator: ", ")
      throw LoaderError(
        .invalidCheckpoint, "holds no tensor\(key.map { " below \($0)" } ?? ""); its keys are \(keys)")
    }
    return found
  }

  private func key(in root: InertValue) throws(LoaderError) -> String? {
    if let given {
      guard let value = root[given], value.isDictionary else {
        let keys = root.keys.prefix(10).map(\.escaped).joined(separator: ", ")
        throw LoaderError(
          .invalidCheckpoint, "has no dictionary under module_key \"\(given.escaped)\"; its keys are \(keys)")
      }
      return given
    }
    let present = ModuleKey.candidates.filter { root[$0]?.isDictionary == true }
    guard present.count <= 1 else {
      throw LoaderError(
        .invalidCheckpoint, "has both module and model; say which holds the state dict with the manifest's module_key")
    }
    return present.first
  }
}

extension InertValue {
  /// What the value is, for messages.
  var kindName: String {
    switch kind {
    case .none: "None"
    case .boolean: "a truth value"
    case .integer, .bigInteger: "an integer"
    case .number: "a number"
    case .text: "a text"
    case .bytes: "bytes"
    case .list: "a list"
    case .tuple: "a tuple"
    case .set: "a set"
    case .dictionary: "a dictionary"
    case .tensor: "a tensor"
    case .object(let name): "an object of \(name.escaped)"
    case .global(let name): "the name \(name.escaped)"
    case .opaque(let what): what.escaped
    }
  }
}
