import Platform

/// What makes a file's content the same on every host.
enum FileIdentity {
  /// The identity of each file.
  /// - Parameter stated: SHA-256 in hexadecimal by the files' names, as the manifest states them.
  static func identities(
    of entries: [FileTable.Entry], by identity: LoadOptions.Identity, stated: [String: String]
  ) throws(LoaderError) -> [String] {
    for name in stated.keys.sorted() where !entries.contains(where: { $0.name == name }) {
      throw LoaderError(.invalidCheckpoint, "sha256 names \(name.escaped), which is not a file of the checkpoint")
    }
    var identities: [String] = []
    for entry in entries {
      switch identity {
      case .fast: identities.append(fast(entry))
      case .content: identities.append(try content(entry, stated: stated[entry.name]))
      }
    }
    return identities
  }

  private static func fast(_ entry: FileTable.Entry) -> String {
    "size \(entry.file.size) modified \(entry.file.opened.modified) metadata \(entry.metadataDigest.hexadecimal)"
  }

  private static func content(_ entry: FileTable.Entry, stated: String?) throws(LoaderError) -> String {
    if let stated { return "sha256 \(stated)" }
    if let blob = hubDigest(of: entry.file) { return "sha256 \(blob)" }
    return "sha256 \(try digest(of: entry))"
  }

  /// The Hub's cache names the blob of a large file by its SHA-256.
  private static func hubDigest(of file: SourceFile) -> String? {
    guard let resolved = try? Roots.resolve(file.path), Path.name(of: Path.folder(of: resolved)) == "blobs" else {
      return nil
    }
    let name = Path.name(of: resolved)
    return name.utf8.count == 64 && name.allSatisfy(\.isHexDigit) ? name.lowercased() : nil
  }

  private static func digest(of entry: FileTable.Entry) throws(LoaderError) -> String {
    var hash = SHA256()
    var offset: UInt64 = 0
    do throws(SystemError) {
      while offset < entry.file.size {
        let count = Int(min(entry.file.size - offset, 4 << 20))
        hash.update(try entry.file.bytes(at: offset, count: count))
        offset += UInt64(count)
      }
    } catch {
      throw LoaderError(error, file: entry.name)
    }
    guard entry.file.isUnchanged() else { throw .changed(entry.name) }
    return hash.finish().hexadecimal
  }
}
