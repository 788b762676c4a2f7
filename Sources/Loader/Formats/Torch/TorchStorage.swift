/// Where the bytes of a storage lie.
struct TorchStorage: Hashable, Sendable {
  /// The first byte's offset in the file.
  let offset: UInt64
  /// How many bytes there are.
  let byteCount: UInt64
  /// The CRC-32 of all of them, where the container states it.
  let checksum: UInt32?

  /// The first bytes, or some in the middle; nil where they go past the end.
  func part(offset: UInt64 = 0, byteCount: UInt64) -> TorchStorage? {
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    guard !overflow, end <= self.byteCount else { return nil }
    let isWhole = offset == 0 && byteCount == self.byteCount
    return TorchStorage(offset: self.offset + offset, byteCount: byteCount, checksum: isWhole ? checksum : nil)
  }
}

/// A storage as a pickle refers to it: the persistent id `('storage', class, key, location, count)`.
///
/// Source: torch/serialization.py, `persistent_id` in `_save` and, with the view as a sixth item, in `_legacy_save`.
struct TorchStorageReference: Hashable, Sendable {
  /// The element of its class; one byte where it has no type.
  let element: TorchElement
  /// The name of its record.
  let key: String
  /// The bytes that it should have.
  let byteCount: UInt64
  /// In old files, the part that is meant: another storage that is a view of this one.
  let view: View?

  /// A part of a storage, in bytes.
  struct View: Hashable, Sendable {
    let offset: UInt64
    let byteCount: UInt64
  }

  /// Reads a persistent id.
  /// - Throws: what is wrong, without the file's name.
  init(_ id: InertGraph.ID, in graph: InertGraph, isLegacy: Bool) throws(LoaderError) {
    guard case .tuple = graph[id], let items = graph.items(id), items.count == 5 || (isLegacy && items.count == 6),
      graph.text(items[0]) == "storage"
    else {
      throw LoaderError(
        .invalidCheckpoint, "refers to something that is no storage: ('storage', class, key, device, count) is meant")
    }
    guard let type = graph.global(items[1]), let element = TorchElement(storage: type) else {
      throw LoaderError(
        .invalidCheckpoint,
        "refers to a storage of the class \((graph.global(items[1])?.dotted ?? "?").escaped), which is none")
    }
    guard let key = graph.text(items[2]) else {
      throw LoaderError(.invalidCheckpoint, "refers to a storage by something that is no text")
    }
    guard let byteCount = TorchStorageReference.bytes(items[4], of: element, in: graph) else {
      throw LoaderError(
        .invalidCheckpoint, "refers to storage \(key.escaped) with a number of elements that cannot be")
    }
    self.element = element
    self.key = key
    self.byteCount = byteCount
    view = items.count == 6 ? try TorchStorageReference.view(items[5], of: element, in: graph) : nil
  }

  private static func bytes(_ id: InertGraph.ID, of element: TorchElement, in graph: InertGraph) -> UInt64? {
    guard let count = graph.integer(id).flatMap(UInt64.init(exactly:)) else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(element.size))
    return overflow || bytes > UInt64(Int.max) ? nil : bytes
  }

  /// `None`, or (key of the view, offset, count).
  private static func view(
    _ id: InertGraph.ID, of element: TorchElement, in graph: InertGraph
  ) throws(LoaderError) -> View? {
    if case .none = graph[id] { return nil }
    guard let items = graph.items(id), items.count == 3, let offset = bytes(items[1], of: element, in: graph),
      let count = bytes(items[2], of: element, in: graph)
    else {
      throw LoaderError(.invalidCheckpoint, "refers to a view of a storage that is none: (key, offset, count) is meant")
    }
    return View(offset: offset, byteCount: count)
  }
}
