import Loader
import Logging
import Platform
import Synchronization
import Transport

/// How an entry comes to be: room, a locked temporary file, window after window, its digest, its final name.
extension PartitionCache {
  /// Bytes that a step makes before others get their turn.
  private static let stepBytes = 8 << 20

  /// Makes ready to write. On a worker.
  func prepare(_ job: Materialization, _ partition: CachedPartition) {
    do throws(SystemError) {
      try folder.make()
      guard let output = try folder.openWriting(job.id) else {
        return giveUp(job, "another daemon is writing it")
      }
      let writing = Materialization.WritingFile(output)
      if folder.contains(job.id) {
        try writing.file.remove()
        return adopt(job)
      }
      guard try makeRoom(for: job) else {
        try writing.file.remove()
        return giveUp(job, "there is no room")
      }
      state.withLock { $0.index.executing() }
      do throws(SystemError) {
        try writing.file.reserve(job.body.plan.length)
      } catch {
        try writing.file.remove()
        throw error
      }
      job.begins(writing)
      job.body.expectSources()
      write(job, partition, into: writing, from: WindowCursor(job.body))
    } catch {
      storageFailed(job, error)
    }
  }

  /// Evicts until a partition fits the budget and the disk.
  private func makeRoom(for job: Materialization) throws(SystemError) -> Bool {
    _ = try rescan()
    while true {
      let free = try folder.freeBytes()
      let room = state.withLock {
        $0.index.reserve(job.id, free: free, usedBefore: job.isAhead ? started : .max)
      }
      switch room {
      case .granted: return true
      case .refused: return false
      case .evict(let victims): for victim in victims { evict(victim) }
      }
    }
  }

  private func evict(_ id: String) {
    let bytes = (try? FileStatus.of(path: folder.path(of: id)).size).map { Int(clamping: $0) } ?? 0
    if folder.remove(id) {
      state.withLock { $0.index.evicted() }
      logger.debug("cached partition evicted", metadata: ["entry": "\(id)", "bytes": "\(bytes)"])
    } else {
      state.withLock { $0.index.kept(id, bytes: bytes, at: WallClock.nanoseconds()) }
    }
  }

  /// Writes some windows, and has the next step run behind those of others.
  private func write(
    _ job: Materialization, _ partition: CachedPartition, into writing: Materialization.WritingFile,
    from cursor: WindowCursor
  ) {
    var cursor = cursor
    var left = PartitionCache.stepBytes
    do {
      let isAtEnd = try buffers.withBuffer { buffer in
        while left > 0 {
          guard let range = try cursor.next() else { return true }
          try job.body.fill(buffer, with: range)
          try writing.file.write(buffer, at: range.lowerBound)
          job.advanced(to: range.upperBound)
          left -= range.count
        }
        return false
      }
      if isAtEnd {
        try finish(job, partition, writing)
      } else {
        let next = cursor
        pool.run { self.write(job, partition, into: writing, from: next) }
      }
    } catch let error as LoaderError {
      try? writing.file.remove()
      sourceFailed(job, error)
    } catch {
      try? writing.file.remove()
      storageFailed(job, error)
    }
  }

  /// Gives what was written its digest and its name.
  private func finish(
    _ job: Materialization, _ partition: CachedPartition, _ writing: Materialization.WritingFile
  ) throws {
    let length = job.body.plan.length
    // Read again rather than hashed on the way: followers do not wait for it, and it is the file's own bytes that are known then.
    let digest = try buffers.withBuffer { buffer in
      var hash = SHA256()
      for start in stride(from: 0, to: length, by: buffer.capacity) {
        let count = min(buffer.capacity, length - start)
        try writing.file.read(into: buffer, at: start, most: count)
        guard buffer.count == count else { throw SystemError("pread", code: 5, on: writing.file.path) }
        hash.update(buffer)
      }
      return hash.finish()
    }
    let trailer = EntryTrailer(bodyLength: length, digest: digest, description: partition.text)
    try writing.file.write(trailer.bytes, at: length)
    try writing.file.synchronize()
    try writing.file.rename(to: folder.path(of: job.id))
    try writing.file.shareLock()
    digests.learned(job.id, digest)
    guard let file = folder.open(job.id), file.size == UInt64(length + trailer.bytes.count) else {
      return giveUp(job, "it was removed as soon as it was made")
    }
    let id = job.id
    let lease = CacheLease { [self] in state.withLock { $0.index.unpin(id) } }
    state.withLock { state in
      state.index.stored(id, FileSeal(file), pins: 1, at: WallClock.nanoseconds())
      state.jobs[id] = nil
    }
    job.stored(file, lease)
    reports.wasMade(job.body)
    logger.info("partition is cached", metadata: ["entry": "\(id)", "bytes": "\(length)"])
  }

  // MARK: Ends

  private func adopt(_ job: Materialization) {
    state.withLock { state in
      state.index.found(job.id)
      state.jobs[job.id] = nil
    }
    job.gaveUp()
    findAwaitedDigest(of: job.body)
  }

  private func giveUp(_ job: Materialization, _ reason: String) {
    forget(job, isError: false)
    logger.notice(
      "partition is served without the cache",
      metadata: ["entry": "\(job.id)", "bytes": "\(job.body.plan.length)", "reason": "\(reason)"])
    job.gaveUp()
    findAwaitedDigest(of: job.body)
  }

  private func storageFailed(_ job: Materialization, _ error: any Error) {
    forget(job, isError: true)
    logger.warning(
      "cache cannot be written; the partition is served without it",
      metadata: ["entry": "\(job.id)", "folder": "\(folder.path.escaped)", "error": "\("\(error)".escaped)"])
    job.gaveUp()
    findAwaitedDigest(of: job.body)
  }

  private func sourceFailed(_ job: Materialization, _ error: LoaderError) {
    forget(job, isError: true)
    logger.error("partition cannot be made", metadata: ["entry": "\(job.id)", "error": "\(error)"])
    job.failed(error)
    digests.failed(job.id)
  }

  private func forget(_ job: Materialization, isError: Bool) {
    state.withLock { state in
      state.index.failed(job.id, isError: isError)
      state.jobs[job.id] = nil
    }
  }

  private func findAwaitedDigest(of body: PartitionBody) {
    if digests.isAwaited(body.plan.identity) { digests.compute(body) }
  }
}
