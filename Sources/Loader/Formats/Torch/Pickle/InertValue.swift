/// A value that a pickle describes: a handle to it, cheap to copy. Nothing was run to make it.
struct InertValue: Sendable {
  /// The values of one pickle, which all handles share.
  private final class Storage: Sendable {
    let graph: InertGraph
    init(_ graph: InertGraph) { self.graph = graph }
  }

  /// What a value is.
  enum Kind: Sendable {
    /// Python's `None`.
    case none
    /// A truth value.
    case boolean(Bool)
    /// An integer of 64 bits.
    case integer(Int)
    /// An integer that 64 bits cannot hold.
    case bigInteger
    /// A floating-point number.
    case number(Double)
    /// A text.
    case text(String)
    /// Bytes, or a text of Python 2 that is not UTF-8.
    case bytes([UInt8])
    /// A list.
    case list(Elements)
    /// A tuple, or a `torch.Size`.
    case tuple(Elements)
    /// A set or frozen set, in the order of the file.
    case set(Elements)
    /// A dictionary of any of the standard classes, in order of insertion.
    case dictionary(Entries)
    /// A tensor, located and checked against its file.
    case tensor(StoredTensor)
    /// An object that was not made, by its class (or the function that makes it); `subscript(_:)` finds its attributes.
    case object(className: String)
    /// A class, function or dtype by its name, such as `torch.float16`.
    case global(String)
    /// Something that has no meaning here; the text says what.
    case opaque(String)
  }

  private let storage: Storage
  let id: InertGraph.ID

  private init(_ storage: Storage, _ id: InertGraph.ID) {
    self.storage = storage
    self.id = id
  }

  /// A value of a finished graph.
  init(_ graph: InertGraph, _ id: InertGraph.ID) {
    self.init(Storage(graph), id)
  }

  var graph: InertGraph { storage.graph }

  /// Another value of the same pickle.
  func at(_ id: InertGraph.ID) -> InertValue { InertValue(storage, id) }

  /// What the value is.
  var kind: Kind {
    switch graph[id] {
    case .none: .none
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .bigInteger: .bigInteger
    case .number(let value): .number(value)
    case .text(let index): .text(graph.texts[Int(index)])
    case .bytes(let index): .bytes(graph.byteStrings[Int(index)])
    case .list(let index): .list(elements(graph.sequences[Int(index)]))
    case .tuple(let index): .tuple(elements(graph.sequences[Int(index)]))
    case .set(let index), .frozenSet(let index): .set(elements(graph.sequences[Int(index)]))
    case .dictionary: .dictionary(Entries(value: self, ids: graph.entries(id)))
    case .global(let index): .global(graph.globals[Int(index)].dotted)
    case .object(let index): .object(className: graph.globals[Int(graph.objects[Int(index)].type)].dotted)
    case .persistent: .opaque("a storage")
    case .tensor(let index): .tensor(graph.tensors[Int(index)])
    case .opaque(let index): .opaque(graph.texts[Int(index)])
    }
  }

  private func elements(_ ids: [InertGraph.ID]) -> Elements { Elements(value: self, ids: ids) }

  /// Values in a row.
  struct Elements: RandomAccessCollection, Sendable {
    fileprivate let value: InertValue
    fileprivate let ids: [InertGraph.ID]

    var startIndex: Int { 0 }
    var endIndex: Int { ids.count }
    subscript(index: Int) -> InertValue { value.at(ids[index]) }
  }

  /// The keys and values of a dictionary.
  struct Entries: RandomAccessCollection, Sendable {
    fileprivate let value: InertValue
    /// Keys and values by turns.
    fileprivate let ids: [InertGraph.ID]

    var startIndex: Int { 0 }
    var endIndex: Int { ids.count / 2 }
    subscript(index: Int) -> (key: InertValue, value: InertValue) {
      (value.at(ids[2 * index]), value.at(ids[2 * index + 1]))
    }
  }
}
