import Loader
import ObjectStore
import Platform

/// Where a checkpoint is read from, and what may be read for it.
struct ManifestSource: Hashable, Sendable {
  /// What describes the checkpoint.
  enum Content: Hashable, Sendable {
    /// A manifest, a folder or a file.
    case path(String)
    /// A manifest that came in a request, and the folder that its files are relative to.
    case manifest([UInt8], folder: String)
  }

  /// What describes the checkpoint.
  var content: Content
  /// The name that was asked for; nil takes the manifest's, the file's or the folder's.
  var name: String?
  /// Whether it must lie beneath the roots: nobody named it in the configuration or on the command line.
  var staysInRoots = false

  /// A checkpoint of the configuration.
  init(_ source: Configuration.Source) {
    content = .path(source.path)
    name = source.name
  }

  /// A checkpoint that was found or asked for while running.
  init(_ content: Content, name: String? = nil) {
    self.content = content
    self.name = name
    staysInRoots = true
  }

  /// The path, or the folder of a manifest that has none.
  var path: String {
    switch content {
    case .path(let path): path
    case .manifest(_, let folder): folder
    }
  }

  /// The name that it would have, as far as it can be told before it is read.
  var expectedName: String {
    if let name { return name }
    let isFolder = (try? FileStatus.of(path: path))?.kind == .folder
    return ManifestName.defaultName(path: path, isFolder: isFolder)
  }

  /// Reads the metadata.
  func load(_ options: LoadOptions, objects: ObjectCheckpoints?) throws(LoaderError) -> Checkpoint {
    switch content {
    case .path(let path):
      if let objects, !staysInRoots, ObjectCheckpoints.mayLoad(path) {
        return try objects.load(path, options: options)
      }
      return try CheckpointLoader.load(path, options: options)
    case .manifest(let text, let folder): return try CheckpointLoader.load(manifest: text, in: folder, options: options)
    }
  }
}
