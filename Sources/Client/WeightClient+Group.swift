extension WeightClient {
  /// Fetches the partitions of a group into files, several at once, all of one revision.
  ///
  /// A group that does not name a revision is pinned to the one that the server has when it is asked first; where that is
  /// reloaded before the last rank is fetched, the fetch fails with `failed_precondition`, and never mixes.
  /// - Parameters:
  ///   - group: which ranks, of what.
  ///   - template: the files' paths; with several ranks it must hold `{rank}`.
  ///   - concurrency: fetches at once.
  ///   - progress: is told the rank and how far it has come.
  /// - Throws: the first rank's error; the others are cancelled, and what can be resumed stays.
  public func fetchGroup(
    _ group: GroupRequest, toFiles template: FileTemplate, concurrency: Int = 4,
    progress: (@Sendable (_ rank: Int, TransferProgress) -> Void)? = nil
  ) async throws(WeightClientError) -> GroupResult {
    var partition = group.partition
    guard let first = group.ranks.first else {
      throw WeightClientError(.request, .invalidArgument, "a group needs at least one rank")
    }
    let paths = group.ranks.map { template.path(rank: $0, mp: partition.mp, model: partition.model) }
    guard Set(paths).count == paths.count else {
      throw WeightClientError(
        .request, .invalidArgument, "several ranks would be written to one file; name them with {rank}, each rank once")
    }
    let revision: String
    if let pinned = partition.revision {
      revision = pinned
    } else {
      revision = try await info(for: partition.forRank(first)).revision
    }
    partition.revision = revision
    let files = try await fetch(
      partition, ranks: group.ranks, paths: paths, concurrency: concurrency, progress: progress)
    return GroupResult(revision: revision, files: files)
  }

  private func fetch(
    _ partition: PartitionRequest, ranks: [Int], paths: [String], concurrency: Int,
    progress: (@Sendable (_ rank: Int, TransferProgress) -> Void)?
  ) async throws(WeightClientError) -> [GroupResult.File] {
    typealias Outcome = (index: Int, result: Result<FetchResult, WeightClientError>)
    let outcomes = await withTaskGroup(of: Outcome.self) { tasks in
      var outcomes: [Int: Result<FetchResult, WeightClientError>] = [:]
      var failure: WeightClientError?
      func start(_ index: Int) {
        let request = partition.forRank(ranks[index])
        tasks.addTask {
          do throws(WeightClientError) {
            // What another rank's failure stops is gone on with by the next fetch.
            let result = try await self.fetch(
              request, toFile: paths[index], keepsPartialWhenCancelled: true,
              progress: { progress?(request.rank, $0) })
            return (index, .success(result))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      var next = min(max(concurrency, 1), ranks.count)
      for index in 0..<next { start(index) }
      for await outcome in tasks {
        outcomes[outcome.index] = outcome.result
        if case .failure(let error) = outcome.result {
          if failure == nil { failure = error }
          tasks.cancelAll()
        } else if failure == nil, next < ranks.count {
          start(next)
          next += 1
        }
      }
      return failure.map { .failure($0) } ?? Result<_, WeightClientError>.success(outcomes)
    }
    let results = try outcomes.get()
    var files: [GroupResult.File] = []
    for (index, rank) in ranks.enumerated() {
      guard let result = results[index] else { continue }
      files.append(GroupResult.File(rank: rank, path: paths[index], result: try result.get()))
    }
    return files
  }
}
