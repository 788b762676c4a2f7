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

  /// Looks at a path.
  init(path: String, options: LoadOptions) throws(LoaderError) {
    self.path = path
    text = nil
    let (named, isFolder) = try Candidate.place(path)
    folder = isFolder ? try HubCache.snapshot(of: named) ?? named : named
    let hub = HubCache(folder: folder)
    roots = try Candidate.roots(folder, hub, options)
    repository = hub?.repository
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
      source = try HubCache.open(Path.join(folder, file), in: hub, roots: self.roots)
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

  /// A manifest that lies in no file, over the files of a folder.
  init(manifest text: [UInt8], folder named: String, options: LoadOptions) throws(LoaderError) {
    path = named
    (folder, _) = try Candidate.place(Path.join(named, "."))
    let hub = HubCache(folder: folder)
    roots = try Candidate.roots(folder, hub, options)
    repository = hub?.repository
    file = Candidate.unfiledName
    names = []
    prefix = Array(text.prefix(Candidate.prefixLength))
    fileSize = UInt64(text.count)
    self.text = text
  }

  private static let prefixLength = 4096
  /// What messages call a manifest that lies in no file.
  private static let unfiledName = "manifest.json"

  /// The folders that the files of a checkpoint may lie in.
  private static func roots(
    _ folder: String, _ hub: HubCache?, _ options: LoadOptions
  ) throws(LoaderError) -> Roots {
    var roots = options.roots
    let resolved: String
    do throws(SystemError) {
      resolved = try Roots.resolve(folder)
      try roots.add(folder: resolved)
    } catch {
      throw LoaderError(error, file: folder)
    }
    if options.staysInRoots, !options.roots.contain(resolved: resolved) {
      throw LoaderError(.outside(path: folder, resolved: resolved), file: folder)
    }
    if let hub { try? roots.add(folder: hub.blobs) }
    return roots
  }

  /// The folder that a path names or lies in, links resolved, and whether it names it.
  private static func place(_ path: String) throws(LoaderError) -> (folder: String, isFolder: Bool) {
    do throws(SystemError) {
      guard !path.isEmpty, !path.utf8.contains(0) else { throw SystemError("open", code: 22, on: path) }
      let isFolder = try FileStatus.of(path: path).kind == .folder
      return (try Roots.resolve(isFolder ? path : Path.folder(of: path)), isFolder)
    } catch {
      throw LoaderError(error, file: path)
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
