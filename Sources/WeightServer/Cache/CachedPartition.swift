import Loader

/// Which partition an entry of the cache is, as `/manifests` tells it.
struct CachedPartition: Hashable, Sendable {
  /// The revision of its checkpoint.
  let revision: String
  /// The name of its checkpoint.
  let model: String
  /// Whose it is.
  let rank: Int
  /// Of how many.
  let mp: Int
  /// All parameters, in their canonical spelling.
  let parameters: String

  /// The partition of a plan.
  init(_ plan: PartitionPlan, model: String) {
    revision = plan.revision
    self.model = model
    rank = plan.parameters.rank
    mp = plan.parameters.mp
    parameters = plan.parameters.canonical
  }

  /// Reads what `text` says; nil where that is no such text.
  init?(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 5, let rank = Int(lines[2]), let mp = Int(lines[3]) else { return nil }
    (revision, model, self.rank, self.mp, parameters) = (String(lines[0]), String(lines[1]), rank, mp, String(lines[4]))
  }

  /// Five lines, which an entry of the cache keeps.
  var text: String { "\(revision)\n\(model)\n\(rank)\n\(mp)\n\(parameters)" }
}
