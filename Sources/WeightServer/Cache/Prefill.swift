import Dispatch
import Loader
import Logging
import Synchronization

/// Makes the partitions of some degrees ahead, one after the other, once their checkpoint is loaded.
struct Prefill: Sendable {
  let cache: PartitionCache
  let degrees: [Int]
  let logger: Logger
  private let queue = DispatchQueue(label: "weight-server.prefill", qos: .utility)

  init(_ cache: PartitionCache, degrees: [Int], logger: Logger) {
    self.cache = cache
    self.degrees = degrees
    self.logger = logger
  }

  /// A checkpoint can be served.
  func loaded(_ loaded: LoadedCheckpoint) {
    guard cache.policy.mode != .never else { return }
    for mp in degrees { queue.async { make(mp, of: loaded) } }
  }

  private func make(_ mp: Int, of loaded: LoadedCheckpoint) {
    let name = loaded.checkpoint.name
    do throws(LoaderError) {
      for rank in 0..<mp {
        let plan = try loaded.plan(PartitionParameters(rank: rank, mp: mp))
        make(PartitionBody(plan, sources: loaded.sources), model: name)
      }
    } catch {
      logger.warning(
        "partitions cannot be made ahead", metadata: ["model": "\(name)", "mp": "\(mp)", "error": "\(error)"])
    }
  }

  /// Waits for one before the next, so that what clients ask for meanwhile is not held up by a crowd of them.
  private func make(_ body: PartitionBody, model: String) {
    let (answer, job) = cache.ask(body, model: model, mayMake: true, isAhead: true)
    switch answer {
    case .stored: cache.state.withLock { $0.index.unpin(body.plan.identity) }
    case .make, .follow:
      let ended = DispatchSemaphore(value: 0)
      guard let job else { return }
      job.waitForEnd { ended.signal() }
      ended.wait()
    case .verify, .wait, .crowded, .absent: break
    }
  }
}
