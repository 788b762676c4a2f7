import Loader
import Platform

/// Looks through a watched folder: how each of the things in it looks that may be a checkpoint.
struct WatchScan {
  /// The folder.
  let folder: String
  /// How the things in it look, by name.
  private(set) var sightings: [String: WatchState.Sighting] = [:]
  /// All folders that were looked into.
  private(set) var folders: [String] = []
  private let now = WallClock.nanoseconds()
  private var count = 0

  /// Names that are looked at in one folder with everything in it; what has more is not served.
  private static let nameLimit = 200_000
  private static let depthLimit = 8
  /// Endings of files that are checkpoints by themselves.
  private static let endings = [".safetensors", ".json"]
  /// Endings of files that are, unless a manifest beside them says what they are part of.
  private static let partEndings = [".pt", ".pth", ".bin", ".ckpt"]
  /// Endings of files that tools write and then rename.
  private static let unfinishedEndings = [
    ".tmp", ".temp", ".part", ".partial", ".incomplete", ".download", ".crdownload", ".aria2", ".filepart", ".swp", "~",
  ]

  /// - Throws: where the folder itself cannot be looked into: then nothing is known of what is in it.
  init(_ folder: String) throws(SystemError) {
    self.folder = folder
    folders = [folder]
    let names = try Folder.names(in: folder).filter { !$0.hasPrefix(".") }
    let manifests = names.filter { $0.hasSuffix(".json") && isManifest(Path.join(folder, $0)) }
    for name in names where !WatchScan.isUnfinished(name) {
      let path = Path.join(folder, name)
      guard let status = try? FileStatus.of(path: path) else { continue }
      switch status.kind {
      case .folder: sightings[name] = look(into: path)
      case .regular:
        let isPart = manifests.isEmpty && WatchScan.partEndings.contains(where: name.hasSuffix)
        guard isPart || WatchScan.endings.contains(where: name.hasSuffix) else { continue }
        guard !name.hasSuffix(".json") || manifests.contains(name) else { continue }
        var look = Look()
        look.add(name, status)
        sightings[name] = look.sighting(at: now)
      case .other: continue
      }
    }
  }

  /// How a folder looks, with everything in it.
  private mutating func look(into path: String) -> WatchState.Sighting {
    var look = Look()
    count = 0
    walk(path, as: "", depth: 0, &look)
    return look.sighting(at: now)
  }

  private mutating func walk(_ path: String, as prefix: String, depth: Int, _ look: inout Look) {
    folders.append(path)
    guard depth < WatchScan.depthLimit, let names = try? Folder.names(in: path) else {
      look.isUnfinished = true
      return
    }
    for name in names {
      count += 1
      guard count <= WatchScan.nameLimit, !WatchScan.isUnfinished(name),
        let status = try? FileStatus.of(path: Path.join(path, name))
      else {
        look.add(prefix + name, nil)
        look.isUnfinished = true
        if count > WatchScan.nameLimit { return }
        continue
      }
      look.add(prefix + name, status)
      if status.kind == .folder { walk(Path.join(path, name), as: "\(prefix)\(name)/", depth: depth + 1, &look) }
    }
  }

  /// Whether a name is one that tools give to what they are still writing: by its ending, or as rsync does, `.NAME.` and six letters.
  static func isUnfinished(_ name: String) -> Bool {
    if unfinishedEndings.contains(where: name.hasSuffix) { return true }
    guard name.hasPrefix("."), let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
    let last = name[name.index(after: dot)...]
    return last.count == 6 && last.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
  }

  /// Whether a JSON file names checkpoints, near its beginning, as no other tool's does.
  private func isManifest(_ path: String) -> Bool {
    guard let file = try? Roots().adding(folder: folder).open(path),
      let bytes = try? file.bytes(at: 0, count: Int(min(file.size, 65_536)))
    else { return false }
    return String(decoding: bytes, as: UTF8.self).contains("\"checkpoints\"")
  }

  /// What was seen of a thing so far.
  private struct Look: ~Copyable {
    private var hash = SHA256()
    private var youngest: Int64 = 0
    var isUnfinished = false

    mutating func add(_ name: String, _ status: FileStatus?) {
      hash.update(field: name)
      guard let status else { return }
      // A folder changes with every name in it, all of which are hashed too.
      hash.update(field: status.kind == .folder ? "folder" : "\(status.size) \(status.modified) \(status.inode)")
      youngest = max(youngest, status.changed)
    }

    consuming func sighting(at now: Int64) -> WatchState.Sighting {
      let age = now.subtractingReportingOverflow(youngest)
      return WatchState.Sighting(
        stamp: hash.finish(), isUnfinished: isUnfinished, age: .nanoseconds(age.overflow ? 0 : age.partialValue))
    }
  }
}
