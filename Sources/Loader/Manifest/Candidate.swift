import Platform

/// What a user named as a checkpoint, looked at far enough to tell what it is.
struct Candidate: Sendable {
  /// The path as it was given.
  let path: String
  /// The folder of the checkpoint, links resolved: the path itself where it is a folder, else the file's.
  let folder: String
  /// The file's name; nil where a folder was named.
  let file: String?
  /// The names in the folder; empty where a file was named.
  let names: [String]
  /// The folders that its files may lie in.
  let roots: Roots
  /// The first bytes of the file; empty where a folder was named.
  let prefix: [UInt8]
  /// Bytes of the file.
  let fileSize: UInt64
  /// For a snapshot in the Hub's cache: the repository's name.
  let repository: String?
  /// The manifest that `file` names, where it lies in no file.
  private let text: [UInt8]?

  /// The name by which messages call a manifest that lies in no file.
  static let unfiledName = "manifest.json"

  /// A manifest that lies in no file, over the files of a folder.
  init(manifest text: [UInt8], folder: String, options: LoadOptions) throws(LoaderError) {
    (self.folder, roots, repository) = try Candidate.place(of: folder, options)
    path = folder
    file = Candidate.unfiledName
    names = []
    prefix = Array(text.prefix(Candidate.prefixLength))
    fileSize = UInt64(text.count)
    self.text = text
  }

  private static let prefixLength = 4096

  /// A folder with its links resolved, the roots that its files may lie in, and the repository of a Hub cache.
  private static func place(
    of folder: String, _ options: LoadOptions
  ) throws(LoaderError) -> (folder: String, roots: Roots, repository: String?) {
    let resolved: String
    do throws(SystemError) {
      guard !folder.isEmpty, !folder.utf8.contains(0) else { throw SystemError("open", code: 22, on: folder) }
      resolved = try Roots.resolve(folder)
    } catch {
      throw LoaderError(error, file: folder)
    }
    if options.staysInRoots, !options.roots.contain(resolved: resolved) {
      throw LoaderError(.outside(path: folder, resolved: resolved), file: folder)
    }
    let hub = HubCache(folder: resolved)
    var roots = options.roots
    do throws(SystemError) {
      try roots.add(folder: resolved)
    } catch {
      throw LoaderError(error, file: folder)
    }
    if let hub { try? roots.add(folder: hub.blobs) }
    return (resolved, roots, hub?.repository)
  }

  /// Looks at a path.
  init(path: String, options: LoadOptions) throws(LoaderError) {
    self.path = path
    text = nil
    let isFolder: Bool
    do throws(SystemError) {
      guard !path.isEmpty, !path.utf8.contains(0) else { throw SystemError("open", code: 22, on: path) }
      isFolder = try FileStatus.of(path: path).kind == .folder
    } catch {
      throw LoaderError(error, file: path)
    }
    (folder, roots, repository) = try Candidate.place(of: isFolder ? path : Path.folder(of: path), options)
    file = isFolder ? nil : Path.name(of: path)
    do throws(SystemError) {
      names = isFolder ? try Folder.names(in: folder) : []
    } catch {
      throw LoaderError(error, file: path)
    }
    guard let file else {
      prefix = []
      fileSize = 0
      return
    }
    let source: SourceFile
    do throws(Roots.Refusal) {
      source = try self.roots.open(Path.join(folder, file))
    } catch {
      throw LoaderError(error, file: file)
    }
    fileSize = source.size
    do throws(SystemError) {
      prefix = try source.bytes(at: 0, count: Int(min(source.size, UInt64(Candidate.prefixLength))))
    } catch {
      throw LoaderError(error, file: file)
    }
  }

  /// Whether the folder has a name.
  func has(_ name: String) -> Bool { names.contains(name) }

  /// The names in a folder of the checkpoint, which may not be reached through a link that leaves the roots.
  func names(in subfolder: String) throws(LoaderError) -> [String] {
    guard Path.isInside(subfolder) else { throw .invalid(subfolder, "is not a path within the checkpoint's folder") }
    do throws(SystemError) {
      let resolved = try Roots.resolve(Path.join(folder, subfolder))
      if roots.contain(resolved: resolved) { return try Folder.names(in: resolved) }
    } catch {
      throw LoaderError(error, file: subfolder)
    }
    throw .invalid(subfolder, "lies outside the roots")
  }

  /// Reads a small file of the checkpoint whole.
  func read(_ name: String, limit: Int) throws(LoaderError) -> [UInt8] {
    if let text, name == file {
      guard text.count <= limit else { throw .invalid(name, "has \(text.count) bytes; at most \(limit) are read") }
      return text
    }
    var table = FileTable(folder: folder, roots: roots)
    let index = try table.open(name)
    let size = table.entries[index].file.size
    guard size <= UInt64(limit) else { throw .invalid(name, "has \(size) bytes; at most \(limit) are read") }
    return try table.read(index, at: 0, count: size, what: "the text")
  }

  /// Reads a JSON object of the checkpoint.
  func readObject(_ name: String, limit: Int = 64 << 20) throws(LoaderError) -> JSONObject {
    let bytes = try read(name, limit: limit)
    let value: JSONValue
    do throws(JSONScanner.Failure) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw .invalid(name, "is \(error.description)")
    }
    guard let object = value.asObject else { throw .invalid(name, "is \(value.kind), not an object") }
    return object
  }
}

/// The layout of the Hub's cache: `models--ORG--NAME/snapshots/REV`, whose files link into `models--ORG--NAME/blobs`.
///
/// Source: huggingface/huggingface_hub `file_download.py`, `repo_folder_name` and `hf_hub_download`.
struct HubCache: Sendable {
  /// The folder that a snapshot's files link into.
  let blobs: String
  /// The repository's name, its organization apart.
  let repository: String

  /// The cache that a folder is a snapshot of; nil where it is none.
  init?(folder: String) {
    let snapshots = Path.folder(of: folder)
    let root = Path.folder(of: snapshots)
    let name = Path.name(of: root)
    guard Path.name(of: snapshots) == "snapshots", name.hasPrefix("models--") else { return nil }
    blobs = Path.join(root, "blobs")
    guard let last = name.dropFirst("models--".count).split(separator: "--").last else { return nil }
    repository = String(last)
  }
}
