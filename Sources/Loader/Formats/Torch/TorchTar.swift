/// Reads the tar files of torch before 0.1.10: `storages`, `tensors` and `pickle`, whose persistent ids are the tensors' keys.
///
/// Source: torch/serialization.py, `legacy_load` within `_legacy_load`.
struct TorchTar {
  private let directory: TarDirectory
  private let file: Int
  private let name: String
  private let policy: PicklePolicy
  private var identity: [UInt8] = []
  private var storages: [String: (element: TorchElement, storage: TorchStorage)] = [:]
  private var tensors: [String: StoredTensor?] = [:]

  /// Reads a tar file.
  static func read(
    _ index: Int, in files: inout FileTable, policy: PicklePolicy
  ) throws(LoaderError) -> InertValue {
    var reader = TorchTar(
      directory: try TarDirectory(index, in: files), file: index, name: files.entries[index].name, policy: policy)
    do throws(LoaderError) {
      try reader.readStorages(in: files)
      try reader.readTensors(in: files)
      let value = try reader.readPickle(in: files)
      files.identify(index, by: reader.identity)
      return value
    } catch {
      throw error.of(reader.name)
    }
  }

  private func stream(_ member: String, of files: FileTable) throws(LoaderError) -> PickleStream {
    guard let range = directory.members[member] else {
      throw .invalid(name, "is a tar file without '\(member)': not one that torch wrote")
    }
    return PickleStream(file: file, from: range.lowerBound, to: range.upperBound, of: files, policy: policy)
  }

  /// A number of things that each take some bytes of what remains.
  private func count(_ stream: inout PickleStream, of what: String, in files: FileTable) throws(LoaderError) -> Int {
    let result = try stream.next("the number of \(what)", in: files)
    guard let count = result.graph.integer(result.root), count >= 0, UInt64(count) <= stream.remaining else {
      throw LoaderError(.invalidCheckpoint, "has a number of \(what) that cannot be")
    }
    return count
  }

  private func key(_ id: InertGraph.ID, in graph: InertGraph) -> String? {
    graph.integer(id).map { String($0) } ?? graph.text(id)
  }

  /// Per storage a pickle (key, device, class), a number of elements, and the elements; then a pickle of the views.
  private mutating func readStorages(in files: FileTable) throws(LoaderError) {
    var stream = try stream("storages", of: files)
    for _ in 0..<(try count(&stream, of: "storages", in: files)) {
      let result = try stream.next("a storage", in: files)
      guard let items = result.graph.items(result.root), items.count == 3, let key = key(items[0], in: result.graph),
        let element = result.graph.global(items[2]).flatMap(TorchElement.init(storage:))
      else {
        throw LoaderError(.invalidCheckpoint, "has a storage that is none: (key, device, class) is meant")
      }
      let count = try stream.int64("the size of storage \(key.escaped)", in: files)
      let (bytes, overflow) = count.multipliedReportingOverflow(by: Int64(element.size))
      guard count >= 0, !overflow else {
        throw LoaderError(.invalidCheckpoint, "has a storage \(key.escaped) of \(count) elements")
      }
      storages[key] = (element, TorchStorage(offset: stream.position, byteCount: UInt64(bytes), checksum: nil))
      try stream.skip(UInt64(bytes), what: "storage \(key.escaped)")
    }
    try readViews(&stream, in: files)
    identity += stream.pickles
  }

  /// A list of (key, key of the root, offset, count).
  private mutating func readViews(_ stream: inout PickleStream, in files: FileTable) throws(LoaderError) {
    let views = try stream.next("the views", in: files)
    for view in views.graph.items(views.root) ?? [] {
      guard let items = views.graph.items(view), items.count == 4, let key = key(items[0], in: views.graph),
        let root = self.key(items[1], in: views.graph).flatMap({ storages[$0] }),
        let offset = views.graph.integer(items[2]).flatMap(UInt64.init(exactly:)),
        let count = views.graph.integer(items[3]).flatMap(UInt64.init(exactly:))
      else {
        throw LoaderError(.invalidCheckpoint, "has a view that is none: (key, key, offset, count) is meant")
      }
      let size = UInt64(root.element.size)
      let (start, startOverflow) = offset.multipliedReportingOverflow(by: size)
      let (bytes, bytesOverflow) = count.multipliedReportingOverflow(by: size)
      guard !startOverflow, !bytesOverflow, let part = root.storage.part(offset: start, byteCount: bytes) else {
        throw LoaderError(.invalidCheckpoint, "has a view, \(key.escaped), that reaches past its storage")
      }
      storages[key] = (root.element, part)
    }
  }

  /// Per tensor a pickle (key, storage's key, class), then the rank, four unused bytes, sizes, strides and an offset.
  private mutating func readTensors(in files: FileTable) throws(LoaderError) {
    var stream = try stream("tensors", of: files)
    for _ in 0..<(try count(&stream, of: "tensors", in: files)) {
      let result = try stream.next("a tensor", in: files)
      guard let items = result.graph.items(result.root), items.count == 3, let key = key(items[0], in: result.graph),
        let (element, storage) = self.key(items[1], in: result.graph).flatMap({ storages[$0] })
      else {
        throw LoaderError(.invalidCheckpoint, "has a tensor that is none: (key, storage, class) is meant")
      }
      let rank = Int(Int32(truncatingIfNeeded: try stream.int64("a tensor's rank", in: files)))
      guard (0...TorchLayout.rankLimit).contains(rank) else {
        throw LoaderError(.invalidCheckpoint, "has a tensor with \(rank) dimensions; at most \(TorchLayout.rankLimit)")
      }
      var numbers: [Int] = []
      for _ in 0...(2 * rank) { numbers.append(Int(try stream.int64("a tensor's sizes", in: files))) }
      let size = Array(numbers[..<rank])
      let layout = try TorchLayout(
        offset: numbers[2 * rank], size: size, stride: Array(numbers[rank..<2 * rank]), element: element.size)
      tensors[key] = .some(try TorchTensors.place(size, layout, of: element, in: storage, file: file))
    }
    identity += stream.pickles
  }

  private mutating func readPickle(in files: FileTable) throws(LoaderError) -> InertValue {
    var stream = try stream("pickle", of: files)
    var result = try stream.next("the pickle", in: files)
    identity += stream.pickles
    for index in result.graph.indices {
      let id = InertGraph.ID(index: index)
      guard case .persistent(let persistent) = result.graph[id] else { continue }
      // A tuple is a class and its source.
      if case .tuple = result.graph[persistent] { continue }
      guard let key = key(persistent, in: result.graph), tensors[key] != nil || storages[key] != nil else {
        throw LoaderError(.invalidCheckpoint, "refers to a tensor that it does not have")
      }
      if case .some(.some(let tensor)) = tensors[key] { result.graph.replace(id, with: tensor) }
    }
    return InertValue(result.graph, result.root)
  }
}
