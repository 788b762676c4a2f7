import Platform

/// The metadata of one file of a rank, whichever container it is.
struct RankFile: Sendable {
  /// The tensors below the module key.
  var tensors: [NamedTensor]
  /// Quantized values with their scales there.
  var pairs: [ModuleKey.Pair] = []
  /// Other values there.
  var others: [(name: String, kind: String)] = []
  /// The module key.
  var moduleKey: String?
  /// The outermost value of a torch file.
  var root: InertValue?

  /// Reads a file: safetensors or torch, told by its first bytes.
  static func read(
    _ name: String, moduleKey: String?, isInferenceDump: Bool = false, files: inout FileTable, options: LoadOptions
  ) throws(LoaderError) -> RankFile {
    let count = files.entries.count
    let index = try files.open(name)
    guard files.entries.count > count else {
      throw .invalid(name, "is named twice: each rank has a file of its own")
    }
    let size = files.entries[index].file.size
    let prefix = try files.read(index, at: 0, count: min(size, 16), what: "the first bytes")
    if Safetensors.matches(prefix: prefix, fileSize: size) {
      let contents = try Safetensors.read(index, in: &files)
      return RankFile(tensors: contents.tensors.map { NamedTensor(name: $0.name, tensor: $0.tensor) })
    }
    let policy = PicklePolicy(allowOpaque: options.opaqueGlobals)
    let root = try TorchFile.read(index, in: &files, policy: policy)
    do throws(LoaderError) {
      let found = try ModuleKey(given: moduleKey, isInferenceDump: isInferenceDump).find(in: root)
      return RankFile(
        tensors: found.tensors, pairs: found.pairs, others: found.others, moduleKey: found.key, root: root)
    } catch {
      throw error.of(name)
    }
  }
}
