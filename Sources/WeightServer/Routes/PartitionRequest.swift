import Loader
import Transport

/// The parameters of `/shard`, `/tensor` and `/plan`: which checkpoint at which revision, and which partition of it.
struct PartitionRequest {
  /// The checkpoint's name, where one is given.
  private(set) var model: String?
  /// The revision that is pinned, where one is.
  private(set) var revision: String?
  /// The tensor, for `/tensor`.
  private(set) var tensor: String?
  /// Whether a rank is given.
  private(set) var hasRank = false
  /// The partition.
  let parameters: PartitionParameters

  /// Reads a query.
  /// - Parameters:
  ///   - needsRank: whether `rank` must be there.
  ///   - takesName: whether `name` is known, and must be there.
  init(_ query: QueryItems, needsRank: Bool = true, takesName: Bool = false) throws(LoaderError) {
    var rest: [(name: String, value: String)] = []
    for item in query.items {
      switch item.name {
      case "model": try PartitionRequest.set(&model, item)
      case "revision": try PartitionRequest.set(&revision, item)
      case "name" where takesName: try PartitionRequest.set(&tensor, item)
      default:
        if item.name == "rank" { hasRank = true }
        rest.append((item.name, item.value))
      }
    }
    if takesName, tensor == nil {
      throw LoaderError(.invalidArgument, "name is required: the tensor whose bytes are wanted")
    }
    parameters = try PartitionParameters(rest, requiresRank: needsRank)
  }

  private static func set(_ field: inout String?, _ item: QueryItems.Item) throws(LoaderError) {
    guard field == nil else {
      throw LoaderError(.invalidArgument, "parameter \(item.name) stands twice; it may be given once")
    }
    field = item.value
  }

  /// The checkpoint that is meant, of those that the client may see, at the revision that is pinned.
  /// - Throws: a `StatusError`: not found, still loading, failed, or a revision that is not served.
  func checkpoint(in catalog: Catalog, for access: Access) throws(StatusError) -> LoadedCheckpoint {
    try catalog.checkpoint(model, revision: revision, for: access)
  }
}
