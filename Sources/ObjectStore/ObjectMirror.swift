import Loader
package import Platform

/// A folder of this host that stands for a prefix of a bucket: a file for each object, without its bytes until they are needed.
///
/// The folder goes when nobody refers to one of its files any more; one that a process left behind goes when the next is made.
package final class ObjectMirror: SuppliedFolder {
  package let path: String
  /// What a loader is to be given: the folder, or the file in it that the location names.
  package let checkpoint: String
  private let objects: [String: MirroredObject]

  /// Lists what lies at a location, and makes a folder for it.
  /// - Parameter base: the folder that mirrors are made in.
  package init(_ location: ObjectLocation, store: ObjectStore, in base: String) throws(ObjectStoreError) {
    let found = try ObjectMirror.find(location, in: store)
    let folder: LockedFolder
    do throws(SystemError) {
      folder = try LockedFolder(in: base)
      let name = found.prefix.isEmpty ? location.bucket : Path.name(of: String(found.prefix.dropLast()))
      path = Path.join(folder.path, name)
      checkpoint = found.file.map { Path.join(Path.join(folder.path, name), $0) } ?? Path.join(folder.path, name)
      try Folder.make(path, permissions: 0o700)
    } catch {
      throw ObjectStoreError(.failed, "a mirror of \(location): \(error)")
    }
    let watch = ObjectWatch(store, bucket: location.bucket, prefix: found.prefix)
    let queue = FetchQueue(limit: store.configuration.connections)
    var made: [String: MirroredObject] = [:]
    for object in found.objects {
      let name = String(object.key.dropFirst(found.prefix.count))
      guard !name.hasSuffix("/"), Path.isInside(name) else { continue }
      let target = Path.join(path, name)
      // Two keys may be a file and a folder of the same name, which no file system has: the first is here, the other is not.
      guard (try? ObjectMirror.makeFile(target, size: object.size)) != nil else { continue }
      let mirrored = MirroredObject(
        object, of: location.bucket, at: target, in: folder, store: store, queue: queue, watch: watch)
      watch.add(mirrored)
      made[target] = mirrored
    }
    objects = made
  }

  package func supply(of path: String) -> (any FileSupply)? { objects[path] }

  /// Bytes that were fetched so far.
  package var bytesPresent: Int { objects.values.reduce(0) { $0 + $1.bytesPresent } }

  // MARK: Listing

  /// What a location names: all objects beneath it, or those beside the one that it names.
  private static func find(
    _ location: ObjectLocation, in store: ObjectStore
  ) throws(ObjectStoreError) -> (prefix: String, objects: [StoredObject], file: String?) {
    let prefix = location.prefix.isEmpty ? "" : location.prefix + "/"
    let objects = try store.list(location.bucket, prefix: prefix)
    if !objects.isEmpty { return (prefix, objects, nil) }
    let parent = Path.folder(of: location.prefix)
    let above = parent == "." ? "" : parent + "/"
    let siblings = location.prefix.isEmpty ? [] : try store.list(location.bucket, prefix: above)
    guard siblings.contains(where: { $0.key == location.prefix }) else {
      throw ObjectStoreError(.missing, "\(location): no object has this key, or a key that begins with it and /")
    }
    return (above, siblings, Path.name(of: location.prefix))
  }

  // MARK: Files

  private static func makeFile(_ path: String, size: UInt64) throws(SystemError) {
    try Folder.make(Path.folder(of: path), permissions: 0o700)
    let file = try OutputFile.open(path)
    try file.resize(to: Int(clamping: size))
  }
}
