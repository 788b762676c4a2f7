import Loader
import Logging
import Platform
import Synchronization

/// What lies in the folder already: looked at, and held against its digest before it is served.
extension PartitionCache {
  /// Brings the index into line with the folder, which other daemons change too.
  /// - Returns: how many entries there are.
  func rescan() throws(SystemError) -> Int {
    let time = WallClock.nanoseconds()
    let found = try folder.list()
    let unknown = state.withLock { state in
      state.index.merge(found.map { ($0.id, $0.bytes, $0.lastUse) }, at: time)
      return found.filter { state.index.entries[$0.id]?.partition == nil }
    }
    for entry in unknown {
      guard let file = folder.open(entry.id, isUse: false), let trailer = CacheFolder.trailer(of: file),
        let partition = CachedPartition(trailer.description)
      else { continue }
      state.withLock { $0.index.describe(entry.id, as: partition) }
    }
    return found.count
  }

  /// Reads an entry that another run or another daemon has made, and lets it be served if it is right; else removes it. On a worker.
  func verify(_ body: PartitionBody) {
    let id = body.plan.identity
    guard let file = folder.open(id) else {
      state.withLock { $0.index.lost(id, isError: false) }
      return findDigestElsewhere(of: body)
    }
    guard let digest = digest(of: file, length: body.plan.length), file.isUnchanged() else {
      state.withLock { $0.index.lost(id, isError: true) }
      logger.warning("cached partition is damaged; it is removed", metadata: ["entry": "\(id)"])
      remove(damaged: id, file)
      return findDigestElsewhere(of: body)
    }
    state.withLock { $0.index.stored(id, FileSeal(file), at: WallClock.nanoseconds()) }
    digests.learned(id, digest)
    logger.info("cached partition is verified", metadata: ["entry": "\(id)", "bytes": "\(body.plan.length)"])
  }

  private func remove(damaged id: String, _ file: SourceFile) {
    // Our own lock becomes the exclusive one where nobody else has any.
    guard (try? file.lockExclusive()) == true else { return }
    try? OutputFile.remove(folder.path(of: id))
  }

  private func findDigestElsewhere(of body: PartitionBody) {
    if digests.isAwaited(body.plan.identity) { digests.compute(body) }
  }

  /// The digest of an entry's body; nil where that is not the one that its trailer states.
  private func digest(of file: SourceFile, length: Int) -> [UInt8]? {
    guard let trailer = CacheFolder.trailer(of: file), trailer.bodyLength == length else { return nil }
    var hash = SHA256()
    let window = 1 << 20
    for start in stride(from: 0, to: length, by: window) {
      guard let bytes = try? file.bytes(at: UInt64(start), count: min(window, length - start)) else { return nil }
      hash.update(bytes)
    }
    return hash.finish() == trailer.digest ? trailer.digest : nil
  }
}
