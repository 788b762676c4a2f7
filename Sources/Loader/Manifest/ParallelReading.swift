import Dispatch
import Synchronization

/// Reads several torch files at once: each is independent of the others, and a run has one for each of many ranks.
enum ParallelReading {
  /// The outermost value of each file, in the order of their names.
  /// - Throws: the failure of the first file, by that order, that has one.
  static func torchFiles(
    _ names: [String], in files: inout FileTable, policy: PicklePolicy
  ) throws(LoaderError) -> [InertValue] {
    var indices: [Int] = []
    for name in names { indices.append(try files.open(name)) }
    let opened = files
    let chosen = indices
    let results = Mutex([Int: Result<(InertValue, [UInt8]), LoaderError>]())
    DispatchQueue.concurrentPerform(iterations: chosen.count) { place in
      var table = opened
      let result: Result<(InertValue, [UInt8]), LoaderError>
      do throws(LoaderError) {
        let value = try TorchFile.read(chosen[place], in: &table, policy: policy)
        result = .success((value, table.entries[chosen[place]].metadataDigest))
      } catch {
        result = .failure(error)
      }
      results.withLock { $0[place] = result }
    }
    let found = results.withLock { $0 }
    var values: [InertValue] = []
    for (place, index) in indices.enumerated() {
      guard let result = found[place] else { continue }
      let (value, digest) = try result.get()
      files.setDigest(digest, of: index)
      values.append(value)
    }
    return values
  }
}
