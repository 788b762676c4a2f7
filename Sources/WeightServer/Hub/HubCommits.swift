import Loader
import Synchronization

/// Which revision a commit id stands for: those that were asked for by name, and those that are likely to be, so that an id which a client
/// keeps from before this process began is found again.
final class HubCommits: Sendable {
  private let known = Mutex(Known())

  /// Ids that are remembered.
  static let limit = 4096

  /// The commit id of a revision of a checkpoint, which can be asked by from now on.
  func commit(of revision: HubRevision, at manifestRevision: String) -> String {
    let commit = revision.commit(of: manifestRevision)
    known.withLock { $0.insert(commit, revision) }
    return commit
  }

  /// The revision that a commit id of a checkpoint stands for; nil where it is of other content.
  /// - Parameter degrees: those at which the checkpoint can be served.
  func revision(_ commit: String, at manifestRevision: String, degrees: () -> [Int]) -> HubRevision? {
    // Ids of a checkpoint's content that is no longer served are kept too, and must not be taken for its present one.
    if let revision = known.withLock({ $0[commit] }), revision.commit(of: manifestRevision) == commit {
      return revision
    }
    return HubRevision.likely(degrees: degrees()).first { $0.commit(of: manifestRevision) == commit }
  }
}

/// The last commit ids.
private struct Known {
  private var revisions: [String: HubRevision] = [:]
  private var order: [String] = []
  private var next = 0

  subscript(commit: String) -> HubRevision? { revisions[commit] }

  mutating func insert(_ commit: String, _ revision: HubRevision) {
    guard revisions.updateValue(revision, forKey: commit) == nil else { return }
    guard order.count == HubCommits.limit else { return order.append(commit) }
    revisions[order[next]] = nil
    order[next] = commit
    next = (next + 1) % HubCommits.limit
  }
}
