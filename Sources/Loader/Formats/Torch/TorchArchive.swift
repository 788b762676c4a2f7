import Platform

/// Reads what `torch.save` writes: a zip file of a pickle, `data.pkl`, and a record of bytes per storage, `data/KEY`, all
/// below one folder.
///
/// Source: torch/serialization.py, `_save` and `_load`; caffe2/serialize/inline_container.cc.
struct TorchArchive {
  private var archive: ZipArchive
  private let root: String

  /// Most bytes of the small records `byteorder` and `version`.
  private static let recordLimit: UInt64 = 64
  /// Newest format version that torch reads. Source: caffe2/serialize/versions.h, kMaxSupportedFileFormatVersion.
  private static let newestVersion = 10

  /// Reads a zip archive in a window of a file.
  /// - Returns: the value of its pickle, with tensors located in the file.
  static func read(
    _ window: FileWindow, in files: inout FileTable, policy: PicklePolicy
  ) throws(LoaderError) -> InertValue {
    var reader = try TorchArchive(window, of: files)
    return try reader.read(in: &files, policy: policy)
  }

  private init(_ window: FileWindow, of files: FileTable) throws(LoaderError) {
    archive = try ZipArchive(window, of: files)
    root = try TorchArchive.root(archive.directory, name: window.name)
  }

  private mutating func read(in files: inout FileTable, policy: PicklePolicy) throws(LoaderError) -> InertValue {
    let window = archive.window
    try checkByteOrder(of: files)
    try checkVersion(of: files)
    guard let entry = archive.directory[root + "data.pkl"] else {
      throw .invalid(window.name, "is a zip file without \(root.escaped)data.pkl: not one that torch.save writes")
    }
    let pickle = try archive.read(entry, limit: PickleLimits.bytes, of: files)
    let result: PickleMachine.Result
    do throws(PickleFailure) {
      result = try PickleMachine.run(pickle, policy: policy)
    } catch {
      throw error.error(file: window.name)
    }
    guard result.end == pickle.count else {
      throw .invalid(window.name, "has \(pickle.count - result.end) bytes after its pickle's STOP")
    }
    files.identify(window.file, by: archive.directoryBytes)
    files.identify(window.file, by: pickle)
    do throws(LoaderError) {
      let storages = try storages(of: result.graph, besides: entry, in: files)
      var tensors = TorchTensors(result.graph, file: window.file, storages: storages)
      try tensors.resolve()
      return InertValue(tensors.graph, result.root)
    } catch {
      throw error.of(window.name)
    }
  }

  /// The folder that all entries lie in, with its slash.
  private static func root(_ directory: ZipDirectory, name: String) throws(LoaderError) -> String {
    guard let first = directory.entries.first else {
      throw .invalid(name, "is a zip file without entries")
    }
    guard let slash = first.name.firstIndex(of: "/") else {
      throw .invalid(name, "is a zip file that torch.save does not write: \(first.name.escaped) lies in no folder")
    }
    let root = String(first.name[...slash])
    if let other = directory.entries.first(where: { !$0.name.hasPrefix(root) }) {
      throw .invalid(
        name, "is a zip file of several folders, \(root.escaped) and that of \(other.name.escaped); torch writes one")
    }
    if directory[root + "constants.pkl"] != nil {
      throw .invalid(name, "is a TorchScript archive (it has constants.pkl); save its state_dict() with torch.save")
    }
    return root
  }

  private mutating func record(_ name: String, of files: FileTable) throws(LoaderError) -> String? {
    guard let entry = archive.directory[root + name] else { return nil }
    let bytes = try archive.read(entry, limit: TorchArchive.recordLimit, of: files)
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func checkByteOrder(of files: FileTable) throws(LoaderError) {
    guard let order = try record("byteorder", of: files), order != "little" else { return }
    throw .invalid(
      archive.window.name, "was saved in byte order '\(order.escaped)'; only 'little' is read")
  }

  private mutating func checkVersion(of files: FileTable) throws(LoaderError) {
    let newer = try record("version", of: files)
    let older = newer == nil ? try record(".data/version", of: files) : nil
    guard let text = newer ?? older else { return }
    let digits = text.hasSuffix("\n") ? String(text.dropLast()) : text
    guard let version = Int(digits), (1...TorchArchive.newestVersion).contains(version) else {
      throw .invalid(
        archive.window.name,
        "is of format version '\(digits.escaped)'; versions 1 to \(TorchArchive.newestVersion) are known")
    }
  }

  /// Locates the record of each storage that the pickle refers to, in the order of the file.
  private mutating func storages(
    of graph: InertGraph, besides pickle: ZipDirectory.Entry, in files: FileTable
  ) throws(LoaderError) -> [InertGraph.ID: (reference: TorchStorageReference, storage: TorchStorage)] {
    var references: [(id: InertGraph.ID, reference: TorchStorageReference)] = []
    var records: [String: ZipDirectory.Entry] = [:]
    for index in graph.indices {
      let id = InertGraph.ID(index: index)
      guard case .persistent(let persistent) = graph[id] else { continue }
      let reference = try TorchStorageReference(persistent, in: graph, isLegacy: false)
      guard let record = archive.directory[root + "data/" + reference.key] else {
        throw LoaderError(
          .invalidCheckpoint, "has no record \(root.escaped)data/\(reference.key.escaped) for a storage")
      }
      records[reference.key] = record
      references.append((id, reference))
    }
    let located = try locate(records, besides: pickle, in: files)
    var storages: [InertGraph.ID: (reference: TorchStorageReference, storage: TorchStorage)] = [:]
    for (id, reference) in references {
      guard let whole = located[reference.key], let storage = whole.part(byteCount: reference.byteCount) else {
        let available = located[reference.key]?.byteCount ?? 0
        throw LoaderError(
          .invalidCheckpoint,
          "needs \(reference.byteCount) bytes of storage \(reference.key.escaped); its record has \(available)")
      }
      storages[id] = (reference, storage)
    }
    return storages
  }

  private mutating func locate(
    _ records: [String: ZipDirectory.Entry], besides pickle: ZipDirectory.Entry, in files: FileTable
  ) throws(LoaderError) -> [String: TorchStorage] {
    let inOrder = records.sorted { $0.value.headerOffset < $1.value.headerOffset }
    var located: [String: TorchStorage] = [:]
    let start = archive.window.start
    let pickleRange = try archive.locate(pickle, of: files)
    var end: UInt64 = 0
    for (key, record) in inOrder {
      let range = try archive.locate(record, of: files)
      let isApart = range.upperBound <= pickle.headerOffset || record.headerOffset >= pickleRange.upperBound
      guard record.headerOffset >= end, isApart else {
        throw LoaderError(.invalidCheckpoint, "has zip entries that overlap: \(record.name.escaped) and another")
      }
      end = range.upperBound
      located[key] = TorchStorage(
        offset: start + range.lowerBound, byteCount: record.size, checksum: record.checksum)
    }
    return located
  }
}
