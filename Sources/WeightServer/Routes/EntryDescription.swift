import Loader
import Platform
import Transport

/// The JSON of a checkpoint that the daemon was told to serve, with how far it got.
struct EntryDescription {
  let entry: ManifestEntry
  let cache: PartitionCache
  /// What the client may see.
  let access: Access

  init(_ entry: ManifestEntry, cache: PartitionCache, access: Access) {
    self.entry = entry
    self.cache = cache
    self.access = access
  }

  /// Writes the members that the list of checkpoints has, as far as a client may see them.
  func write(to json: inout JSONWriter) {
    json.member("name", entry.name)
    json.member("state", entry.state.name)
    // The note names another checkpoint.
    if let note = entry.note, access.maySee(entry.wantedName) { json.member("note", note) }
    if case .failed(let error) = entry.state { write(error, to: &json) }
    writeReload(to: &json)
    guard let loaded = entry.loaded else { return }
    let checkpoint = loaded.checkpoint
    ManifestDescription(checkpoint).writeSummary(to: &json, degrees: loaded.possibleDegrees) { json in
      cache.write(partitionsOf: checkpoint.name, revision: checkpoint.revision, to: &json)
    }
    json.key("previous_revisions")
    json.array(entry.previous.map(\.checkpoint.revision))
  }

  /// What became of the last try to load again what is served.
  private func writeReload(to json: inout JSONWriter) {
    guard entry.loaded != nil, entry.load != nil || entry.reloadFailure != nil else { return }
    json.key("reload")
    json.object { json in
      json.member("state", entry.load != nil ? "loading" : "failed")
      if entry.load == nil, let error = entry.reloadFailure { write(error, to: &json) }
    }
  }

  private func write(_ error: LoaderError, to json: inout JSONWriter) {
    let status = StatusError(error)
    json.key("error")
    json.object {
      $0.member("code", status.code.rawValue)
      $0.member("message", status.message)
    }
  }
}
