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
    let found = try concurrentMap(chosen.count) { (place) throws(LoaderError) in
      var table = opened
      let value = try TorchFile.read(chosen[place], in: &table, policy: policy)
      return (value, table.entries[chosen[place]].metadataDigest)
    }
    for (index, (_, digest)) in zip(indices, found) { files.setDigest(digest, of: index) }
    return found.map(\.0)
  }
}
