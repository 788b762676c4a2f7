import Loader
import Platform
import Transport

/// The JSON of a repository, of its branches and of its files, with the members that the Hub's clients read.
///
/// Source: huggingface/huggingface_hub `hf_api.py`: `ModelInfo`, `RepoSibling`, `RepoFile`, `RepoFolder`, `list_repo_refs`.
struct HubDescription {
  private let snapshot: HubSnapshot

  init(_ snapshot: HubSnapshot) { self.snapshot = snapshot }

  // MARK: The repository

  /// Writes a repository.
  /// - Parameters:
  ///   - wanted: the properties that are asked for by name; empty for the usual ones.
  ///   - files: with what is known of each file, where that is asked for; else only their paths.
  func writeModel(to json: inout JSONWriter, wanted: Set<String>, files: [HubFile]?) {
    let checkpoint = snapshot.loaded.checkpoint
    json.object { json in
      json.member("id", checkpoint.name)
      json.member("modelId", checkpoint.name)
      for (name, write) in properties(files) where wanted.isEmpty || wanted.contains(name) {
        json.key(name)
        write(&json)
      }
    }
  }

  private typealias Property = (name: String, write: (inout JSONWriter) -> Void)

  private func properties(_ files: [HubFile]?) -> [Property] {
    let modelType = try? snapshot.loaded.checkpoint.huggingFace().modelType
    return [
      ("sha", { $0.string(snapshot.commit) }),
      ("lastModified", { $0.string(lastModified) }),
      ("createdAt", { $0.string(lastModified) }),
      ("private", { $0.bool(false) }),
      ("gated", { $0.bool(false) }),
      ("disabled", { $0.bool(false) }),
      ("downloads", { $0.integer(0) }),
      ("likes", { $0.integer(0) }),
      ("library_name", { $0.string("transformers") }),
      ("tags", { $0.array(["transformers", "safetensors"] + (modelType.map { [$0] } ?? [])) }),
      (
        "config",
        { json in
          json.object { json in if let modelType { json.member("model_type", modelType) } }
        }
      ),
      ("safetensors", writeCounts),
      ("siblings", { writeSiblings(files, to: &$0) }),
    ]
  }

  private var lastModified: String {
    Timestamp(nanoseconds: snapshot.loaded.lastModified.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
      .description
  }

  /// How many numbers the model has, by element type.
  private func writeCounts(to json: inout JSONWriter) {
    var counts: [String: Int] = [:]
    var total = 0
    for tensor in (try? snapshot.loaded.checkpoint.huggingFace().tensors) ?? [] {
      let count = tensor.shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
      counts[tensor.dtype.rawValue, default: 0] =
        counts[tensor.dtype.rawValue, default: 0].addingReportingOverflow(count)
        .partialValue
      total = total.addingReportingOverflow(count).partialValue
    }
    json.object { json in
      json.key("parameters")
      json.object { json in
        for (dtype, count) in counts.sorted(by: { $0.key < $1.key }) { json.member(dtype, count) }
      }
      json.member("total", total)
    }
  }

  private func writeSiblings(_ files: [HubFile]?, to json: inout JSONWriter) {
    json.array { json in
      guard let files else {
        for path in snapshot.paths { json.object { $0.member("rfilename", path) } }
        return
      }
      for file in files {
        json.object { json in
          json.member("rfilename", file.path)
          json.member("size", file.size)
          json.member("blobId", file.tag.prefix(40).description)
          if let digest = file.sha256 {
            json.key("lfs")
            json.object { json in
              json.member("sha256", digest)
              json.member("size", file.size)
              json.member("pointerSize", HubDescription.pointerSize(of: file))
            }
          }
        }
      }
    }
  }

  // MARK: Files

  /// Writes a file as a listing has it.
  func write(_ file: HubFile, isExpanded: Bool, to json: inout JSONWriter) {
    json.object { json in
      json.member("type", "file")
      json.member("oid", file.tag.prefix(40).description)
      json.member("size", file.size)
      if let digest = file.sha256 {
        json.key("lfs")
        json.object { json in
          json.member("oid", digest)
          json.member("size", file.size)
          json.member("pointerSize", HubDescription.pointerSize(of: file))
        }
      }
      json.member("path", file.path)
      if isExpanded { writeLastCommit(to: &json) }
    }
  }

  /// Writes a folder as a listing has it.
  func write(folder path: String, isExpanded: Bool, to json: inout JSONWriter) {
    json.object { json in
      json.member("type", "directory")
      json.member("oid", SHA256.digest(of: Array((snapshot.commit + path).utf8)).prefix(20).hexadecimal)
      json.member("size", 0)
      json.member("path", path)
      if isExpanded { writeLastCommit(to: &json) }
    }
  }

  private func writeLastCommit(to json: inout JSONWriter) {
    json.key("lastCommit")
    json.object { json in
      json.member("id", snapshot.commit)
      json.member("title", "manifest revision \(snapshot.loaded.checkpoint.revision)")
      json.member("date", lastModified)
    }
  }

  /// Bytes of the text that stands for a file in git.
  ///
  /// Source: git-lfs `docs/spec.md`, "The Pointer".
  private static func pointerSize(of file: HubFile) -> Int {
    "version https://git-lfs.github.com/spec/v1\noid sha256:\nsize \n".utf8.count + 64 + String(file.size).utf8.count
  }
}
