/// Reads what `torch.save` wrote before its zip files: five pickles in a row (a magic number, the version, facts about the
/// system, the object, the keys of its storages), then per storage its number of elements and their bytes.
///
/// Source: torch/serialization.py, `_legacy_save` and `_legacy_load`.
struct TorchLegacy {
  private var stream: PickleStream
  private let file: Int
  private let name: String

  /// 0x1950a86a20f9469cfc6c, as LONG1 holds it and in digits.
  private static let magic: [[UInt8]] = [
    [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19], Array("119547037146038801333356".utf8),
  ]
  private static let version = 1001

  /// Whether a file's first bytes are the pickle of the magic number.
  static func isMagic(_ head: [UInt8]) -> Bool {
    guard let result = try? PickleMachine.run(head, policy: PicklePolicy()),
      case .bigInteger(let index) = result.graph[result.root]
    else { return false }
    return magic.contains(result.graph.byteStrings[Int(index)])
  }

  /// Reads a file whose first bytes are the magic number.
  static func read(
    _ index: Int, in files: inout FileTable, policy: PicklePolicy
  ) throws(LoaderError) -> InertValue {
    var reader = TorchLegacy(index, of: files, policy: policy)
    return try reader.read(in: &files)
  }

  private init(_ index: Int, of files: FileTable, policy: PicklePolicy) {
    let window = FileWindow(file: index, in: files)
    stream = PickleStream(file: index, from: 0, to: window.length, of: files, policy: policy)
    file = index
    name = window.name
  }

  private mutating func read(in files: inout FileTable) throws(LoaderError) -> InertValue {
    _ = try stream.next("the magic number", in: files)
    let version = try stream.next("the version", in: files)
    guard version.graph.integer(version.root) == TorchLegacy.version else {
      throw .invalid(name, "is of another version than \(TorchLegacy.version), the only one of this container")
    }
    let system = try stream.next("the facts about the system", in: files)
    let facts = InertValue(system.graph, system.root)
    guard facts["little_endian"]?.asBoolean != false else {
      throw .invalid(name, "was saved in big-endian byte order; only little-endian is read")
    }
    let object = try stream.next("the pickle", in: files)
    let keys = try stream.next("the keys of the storages", in: files)
    files.identify(file, by: stream.pickles)
    do throws(LoaderError) {
      let references = try references(of: object.graph)
      let storages = try storages(keys, of: references, in: files)
      var tensors = TorchTensors(object.graph, file: file, storages: storages)
      try tensors.resolve()
      return InertValue(tensors.graph, object.root)
    } catch {
      throw error.of(name)
    }
  }

  private typealias Reference = (id: InertGraph.ID, reference: TorchStorageReference)

  private func references(of graph: InertGraph) throws(LoaderError) -> [Reference] {
    var references: [Reference] = []
    for index in graph.indices {
      let id = InertGraph.ID(index: index)
      guard case .persistent(let persistent) = graph[id] else { continue }
      // ('module', class, file, source) keeps the source of a class beside it; it stays opaque.
      if let first = graph.items(persistent)?.first, graph.text(first) == "module" { continue }
      references.append((id, try TorchStorageReference(persistent, in: graph, isLegacy: true)))
    }
    return references
  }

  /// Walks over the storages, which stand in the order of their keys.
  private mutating func storages(
    _ keys: PickleMachine.Result, of references: [Reference], in files: FileTable
  ) throws(LoaderError) -> [InertGraph.ID: (reference: TorchStorageReference, storage: TorchStorage)] {
    guard let list = keys.graph.items(keys.root) else {
      throw LoaderError(.invalidCheckpoint, "has no list of its storages' keys")
    }
    var expected: [String: TorchStorageReference] = [:]
    for (_, reference) in references where expected[reference.key] == nil { expected[reference.key] = reference }
    var located: [String: TorchStorage] = [:]
    for item in list {
      guard let key = keys.graph.text(item), let reference = expected[key], located[key] == nil else {
        throw LoaderError(.invalidCheckpoint, "lists a storage twice, or one that its pickle does not refer to")
      }
      let count = try stream.int64("the size of storage \(key.escaped)", in: files)
      let (bytes, overflow) = count.multipliedReportingOverflow(by: Int64(reference.element.size))
      guard count >= 0, !overflow, UInt64(bytes) == reference.byteCount else {
        throw LoaderError(
          .invalidCheckpoint,
          "has a storage \(key.escaped) of \(count) elements, where its pickle expects \(reference.byteCount) bytes")
      }
      located[key] = TorchStorage(offset: stream.position, byteCount: UInt64(bytes), checksum: nil)
      try stream.skip(UInt64(bytes), what: "storage \(key.escaped)")
    }
    return try parts(of: located, for: references)
  }

  private func parts(
    of located: [String: TorchStorage], for references: [Reference]
  ) throws(LoaderError) -> [InertGraph.ID: (reference: TorchStorageReference, storage: TorchStorage)] {
    var storages: [InertGraph.ID: (reference: TorchStorageReference, storage: TorchStorage)] = [:]
    for (id, reference) in references {
      guard let whole = located[reference.key] else {
        throw LoaderError(.invalidCheckpoint, "has no storage \(reference.key.escaped), which its pickle refers to")
      }
      let view = reference.view ?? TorchStorageReference.View(offset: 0, byteCount: reference.byteCount)
      guard let storage = whole.part(offset: view.offset, byteCount: view.byteCount) else {
        throw LoaderError(
          .invalidCheckpoint,
          "needs \(view.byteCount) bytes at \(view.offset) of storage \(reference.key.escaped), which has "
            + "\(whole.byteCount)")
      }
      storages[id] = (reference, storage)
    }
    return storages
  }
}
