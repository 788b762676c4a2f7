import Platform

/// The layout of the Hub's cache: `models--ORG--NAME/snapshots/REV`, whose files link into `models--ORG--NAME/blobs`, and
/// `models--ORG--NAME/refs/BRANCH`, each of which holds the `REV` of a branch.
///
/// Source: huggingface/huggingface_hub `file_download.py`, `repo_folder_name`, `hf_hub_download` and `_create_symlink`.
struct HubCache: Sendable {
  /// The folder that a snapshot's files link into.
  let blobs: String
  /// The repository's name, its organization apart.
  let repository: String

  /// The cache that a folder is a snapshot of; nil where it is none.
  init?(folder: String) {
    let snapshots = Path.folder(of: folder)
    guard Path.name(of: snapshots) == "snapshots" else { return nil }
    self.init(repositoryFolder: Path.folder(of: snapshots))
  }

  private init?(repositoryFolder folder: String) {
    let name = Path.name(of: folder)
    guard name.hasPrefix("models--"), let last = name.dropFirst("models--".count).split(separator: "--").last else {
      return nil
    }
    blobs = Path.join(folder, "blobs")
    repository = String(last)
  }

  /// The snapshot that is meant where a repository's folder is named: that of the branch `main`, else the only one; nil where the folder
  /// is no repository's.
  /// - Throws: `invalidCheckpoint` that lists the snapshots, where there are several and none is `main`'s.
  static func snapshot(of folder: String) throws(LoaderError) -> String? {
    guard HubCache(repositoryFolder: folder) != nil,
      let revisions = try? Folder.names(in: Path.join(folder, "snapshots"))
    else { return nil }
    var revision = try? SourceFile.opening(Path.join(folder, "refs/main")).bytes(at: 0, count: 40)
    if let found = revision, !revisions.contains(String(decoding: found, as: UTF8.self)) { revision = nil }
    if let revision { return Path.join(folder, "snapshots/\(String(decoding: revision, as: UTF8.self))") }
    guard let only = revisions.first, revisions.count == 1 else {
      let list = revisions.isEmpty ? "none" : revisions.sorted().map(\.escaped).joined(separator: ", ")
      throw .invalid(
        folder, "is a repository of the Hub's cache without a snapshot of main: name one of its snapshots (\(list))")
    }
    return Path.join(folder, "snapshots/\(only)")
  }

  /// Bytes of the longest text that can be a link: `../../blobs/` and 64 digits.
  private static let linkLimit: UInt64 = 76

  /// Opens a file of a checkpoint, through the text of a link where the cache was copied by a tool that writes links as text, as git
  /// does with `core.symlinks=false` and archives do on systems without links. What it names must lie beneath the roots as well.
  static func open(_ path: String, in cache: HubCache?, roots: Roots) throws(Roots.Refusal) -> SourceFile {
    let file = try roots.open(path)
    guard let cache, file.size <= linkLimit, let text = try? file.bytes(at: 0, count: Int(file.size)),
      let blob = blob(linkedBy: text)
    else { return file }
    return try roots.open(Path.join(cache.blobs, blob))
  }

  /// The name of the blob that a link's text leads to: 40 or 64 hexadecimal digits.
  private static func blob(linkedBy text: [UInt8]) -> String? {
    let prefix = Array("../../blobs/".utf8)
    guard text.starts(with: prefix) else { return nil }
    let name = text.dropFirst(prefix.count)
    guard name.count == 40 || name.count == 64,
      name.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    return String(decoding: name, as: UTF8.self)
  }
}
