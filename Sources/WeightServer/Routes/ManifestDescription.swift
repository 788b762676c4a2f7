package import Loader
package import Platform

/// The JSON of a checkpoint: what `/manifests`, `/manifests/NAME` and `inspect --json` say of it.
package struct ManifestDescription {
  private let checkpoint: Checkpoint

  /// Describes a checkpoint.
  package init(_ checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
  }

  /// Writes the members that the list has too.
  /// - Parameter cached: writes the array of partitions that are in the cache.
  package func writeSummary(
    to json: inout JSONWriter, degrees: [Int], cached: (inout JSONWriter) -> Void = { $0.array { _ in } }
  ) {
    json.member("revision", checkpoint.revision)
    json.member("type", checkpoint.sourceType)
    json.member("family", checkpoint.family.name)
    json.member(
      "parallelization", "tp \(checkpoint.parallelization.tensor) x pp \(checkpoint.parallelization.pipeline)")
    json.member("source_mp", checkpoint.parallelization.tensor)
    json.member("version", checkpoint.version)
    json.member("tensor_count", checkpoint.tensors.count)
    json.member("bytes", checkpoint.byteCount)
    json.key("mp_degrees")
    json.array(degrees)
    json.key("cached_partitions")
    cached(&json)
    json.member("warning_count", checkpoint.warnings.count)
  }

  /// Writes the members that only one checkpoint's own description has.
  package func writeDetails(to json: inout JSONWriter) {
    json.member("module_key", checkpoint.moduleKey)
    json.key("reasons")
    json.array(checkpoint.reasons)
    json.key("files")
    json.array { json in
      for entry in checkpoint.files {
        json.object {
          $0.member("name", entry.name)
          $0.member("bytes", entry.file.size)
        }
      }
    }
    json.key("tensors")
    json.array { json in for tensor in checkpoint.tensors { describe(tensor, to: &json) } }
    json.key("warnings")
    json.array(checkpoint.warnings)
  }

  private func describe(_ tensor: LogicalTensor, to json: inout JSONWriter) {
    json.object { json in
      json.member("name", tensor.name)
      json.member("dtype", tensor.dtype.rawValue)
      json.key("shape")
      json.array(tensor.shape)
      json.member("rule", checkpoint.rule(of: tensor)?.description)
      json.key("files")
      json.array(tensor.files.map { checkpoint.files[$0].name })
    }
  }
}
