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

  /// Looks at a path.
  init(path: String, roots: Roots) throws(LoaderError) {
    self.path = path
    let (named, isFolder) = try Candidate.place(path)
    let folder = isFolder ? try HubCache.snapshot(of: named) ?? named : named
    let hub = HubCache(folder: folder)
    do throws(SystemError) {
      var roots = try roots.adding(folder: folder)
      if let hub { try? roots.add(folder: hub.blobs) }
      self.folder = folder
      self.roots = roots
      repository = hub?.repository
      file = isFolder ? nil : Path.name(of: path)
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
      prefix = try source.bytes(at: 0, count: Int(min(source.size, 4096)))
    } catch {
      throw LoaderError(error, file: file)
    }
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
