/// Turns the calls that would rebuild tensors into located tensors, in a finished graph.
///
/// Source: torch/_utils.py, `_rebuild_tensor` and its relatives; torch/_tensor.py, `_rebuild_from_type_v2`.
struct TorchTensors {
  private(set) var graph: InertGraph
  /// The file's index in the table.
  private let file: Int
  /// The storages, by the persistent values that refer to them.
  private let storages: [InertGraph.ID: (reference: TorchStorageReference, storage: TorchStorage)]
  /// Sizes that were read before: many tensors may share one tuple.
  private var sizes: [InertGraph.ID: [Int]] = [:]

  private enum Outcome {
    case tensor(StoredTensor)
    /// The value of an argument.
    case same(InertGraph.ID)
    /// Something that has no bytes of its own, or whose bytes mean something else than numbers in rows.
    case opaque(String)
  }

  /// Prepares for a graph whose storages have been found.
  init(
    _ graph: InertGraph, file: Int,
    storages: [InertGraph.ID: (reference: TorchStorageReference, storage: TorchStorage)]
  ) {
    self.graph = graph
    self.file = file
    self.storages = storages
  }

  /// Replaces each call by what it makes. Arguments stand before calls in the graph, so one pass is enough.
  /// - Throws: what is wrong, without the file's name.
  mutating func resolve() throws(LoaderError) {
    for index in graph.indices {
      let id = InertGraph.ID(index: index)
      guard case .object(let number) = graph[id] else { continue }
      let object = graph.objects[Int(number)]
      let function = graph.globals[Int(object.type)]
      guard let arguments = graph.items(object.arguments),
        let outcome = try rebuild(function, arguments)
      else { continue }
      switch outcome {
      case .tensor(let tensor): graph.replace(id, with: tensor)
      case .same(let other): graph.replace(id, withCopyOf: other)
      case .opaque(let reason): graph.replace(id, opaque: reason)
      }
    }
  }

  private mutating func rebuild(
    _ function: PickleGlobal, _ arguments: [InertGraph.ID]
  ) throws(LoaderError) -> Outcome? {
    switch function.module {
    case "torch._utils": return try rebuildTensor(function.name, arguments)
    case "torch._tensor", "torch.tensor": return try rebuildFromType(arguments)
    case "torch.nn", "torch.nn.parameter":
      guard function.name == "Parameter" || function.name == "Buffer", let first = arguments.first else { return nil }
      return try wrapped(first)
    default: return nil
    }
  }

  private mutating func rebuildTensor(
    _ name: String, _ arguments: [InertGraph.ID]
  ) throws(LoaderError) -> Outcome {
    switch (name, arguments.count) {
    case ("_rebuild_tensor", 4), ("_rebuild_tensor_v2", 6): return try strided(arguments, dtype: nil)
    case ("_rebuild_tensor_v2", 7):
      if let flagged = metadata(arguments[6]) { return flagged }
      return try strided(arguments, dtype: nil)
    case ("_rebuild_tensor_v3", 7): return try strided(arguments, dtype: arguments[6])
    case ("_rebuild_tensor_v3", 8):
      if let flagged = metadata(arguments[7]) { return flagged }
      return try strided(arguments, dtype: arguments[6])
    case ("_rebuild_parameter", 3), ("_rebuild_parameter_with_state", 4): return try wrapped(arguments[0])
    case ("_rebuild_device_tensor_from_cpu_tensor", 4):
      guard case .tensor(let index) = graph[arguments[0]], let type = graph.global(arguments[1]),
        TorchElement(dtype: type)?.dtype == graph.tensors[Int(index)].dtype
      else { return .opaque("a tensor that is cast as it is loaded") }
      return .same(arguments[0])
    case ("_rebuild_tensor", _), ("_rebuild_tensor_v2", _), ("_rebuild_tensor_v3", _), ("_rebuild_parameter", _),
      ("_rebuild_parameter_with_state", _):
      throw LoaderError(.invalidCheckpoint, "calls \(name) with \(arguments.count) arguments, which it does not take")
    default: return .opaque("what torch._utils.\(name) makes")
    }
  }

  /// `_rebuild_from_type_v2(function, class, arguments, state)`: a tensor with attributes, or of a subclass.
  private mutating func rebuildFromType(_ arguments: [InertGraph.ID]) throws(LoaderError) -> Outcome {
    guard arguments.count == 4, let function = graph.global(arguments[0]), let type = graph.global(arguments[1]),
      case .tuple = graph[arguments[2]], let inner = graph.items(arguments[2]), function.module == "torch._utils"
    else {
      return .opaque("a tensor of an unknown class")
    }
    switch type.dotted {
    case "torch.Tensor", "torch._tensor.Tensor", "torch.nn.Parameter", "torch.nn.parameter.Parameter",
      "torch.nn.Buffer", "torch.nn.parameter.Buffer":
      return try rebuildTensor(function.name, inner)
    default: return .opaque("a tensor of the class \(type.dotted)")
    }
  }

  private func wrapped(_ id: InertGraph.ID) throws(LoaderError) -> Outcome {
    switch graph[id] {
    case .tensor, .opaque: return .same(id)
    case .object: return .opaque("a parameter of something unknown")
    default: throw LoaderError(.invalidCheckpoint, "makes a parameter of something that is no tensor")
    }
  }

  /// `{'conj': True}` and `{'neg': True}` say that the numbers meant are others than those stored.
  private func metadata(_ id: InertGraph.ID) -> Outcome? {
    let entries = graph.entries(id)
    for position in stride(from: 0, to: entries.count - 1, by: 2) {
      if case .boolean(false) = graph[entries[position + 1]] { continue }
      return .opaque("a tensor with the flag \(graph.text(entries[position]) ?? "?")")
    }
    return nil
  }

  /// (storage, offset, size, stride, …): all in elements.
  private mutating func strided(
    _ arguments: [InertGraph.ID], dtype: InertGraph.ID?
  ) throws(LoaderError) -> Outcome {
    guard let (reference, storage) = storages[arguments[0]] else {
      throw LoaderError(.invalidCheckpoint, "makes a tensor of something that is no storage")
    }
    let element: TorchElement
    if let dtype {
      guard let named = graph.global(dtype).flatMap(TorchElement.init(dtype:)) else {
        throw LoaderError(.invalidCheckpoint, "makes a tensor of something that is no dtype")
      }
      element = named
    } else {
      element = reference.element
    }
    guard let offset = graph.integer(arguments[1]), let size = integers(arguments[2]),
      let stride = integers(arguments[3])
    else {
      throw LoaderError(.invalidCheckpoint, "makes a tensor with sizes, strides or an offset that are no integers")
    }
    let layout = try TorchLayout(offset: offset, size: size, stride: stride, element: element.size)
    guard let tensor = try TorchTensors.place(size, layout, of: element, in: storage, file: file) else {
      return .opaque("a tensor of a dtype that safetensors has no name for")
    }
    return .tensor(tensor)
  }

  /// Puts a tensor into its storage; nil where safetensors has no name for its dtype.
  /// - Throws: an error without the file's name where it reaches past the storage.
  static func place(
    _ size: [Int], _ layout: TorchLayout, of element: TorchElement, in storage: TorchStorage, file: Int
  ) throws(LoaderError) -> StoredTensor? {
    // An empty tensor may claim any offset; it has no bytes to find there.
    let isEmpty = size.contains(0)
    guard isEmpty || layout.end <= storage.byteCount else {
      throw LoaderError(
        .invalidCheckpoint,
        "has a tensor of shape \(size) that reaches byte \(layout.end) of a storage of \(storage.byteCount)")
    }
    let (offset, overflow) = storage.offset.addingReportingOverflow(isEmpty ? 0 : layout.offset)
    guard !overflow, let offset = Int(exactly: offset) else {
      throw LoaderError(.invalidCheckpoint, "has a tensor at an offset that cannot be")
    }
    guard let dtype = element.dtype else { return nil }
    let isWhole = layout.strides == nil && layout.offset == 0 && layout.end == storage.byteCount && !isEmpty
    return StoredTensor(
      dtype: dtype, shape: size,
      location: StoredTensor.Location(
        file: file, offset: offset, strides: layout.strides, checksum: isWhole ? storage.checksum : nil))
  }

  private mutating func integers(_ id: InertGraph.ID) -> [Int]? {
    if let known = sizes[id] { return known }
    let result = graph.integers(id)
    sizes[id] = result
    return result
  }
}
