@testable import Loader

/// A manifest, and what its keys are read as.
struct ManifestTarget: FuzzTarget {
  init() {}

  func run(_ bytes: [UInt8]) {
    let manifest: Manifest
    do throws(LoaderError) {
      manifest = try ManifestParser(file: "manifest.json").parse(bytes)
    } catch {
      return promiseOneLine(error.description)
    }
    if let degree = manifest.sourceDegree {
      promise((1...PartitionParameters.mpLimit).contains(degree), "a degree out of range")
    }
    for digest in manifest.digests.values { promise(digest.utf8.count == 64, "a digest of another length") }
    for warning in manifest.warnings { promiseOneLine(warning) }
    if let name = manifest.name {
      promise((try? ManifestName.validate(ManifestName.sanitize(name))) != nil, "a name that cannot be served")
    }
    for (text, role) in manifest.rules {
      if let pattern = NamePattern(text) { _ = pattern.match("transformer.layers.12.attention.query_key_value.weight") }
      if let pattern = NamePattern(text) { _ = pattern.match(role) }
      _ = Role(manifestName: role)
    }
    if case .list(let names) = manifest.checkpoints {
      let sorted = names.sorted(by: NaturalOrder.precedes)
      for (one, next) in zip(sorted, sorted.dropFirst()) {
        promise(!NaturalOrder.precedes(next, one), "an order that contradicts itself")
      }
    }
  }
}
