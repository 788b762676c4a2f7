import Loader
import Platform
import Transport

/// What a request says of a checkpoint to serve: a manifest, or `{"path": …}`.
struct ManifestBody {
  /// The name that it is to be served by.
  let name: String
  /// Where its files may lie.
  let allowed: AllowedFolders

  /// Reads a body.
  /// - Throws: `invalid_argument` that says what is wrong with it, before any file is touched.
  func source(_ body: [UInt8]) throws(StatusError) -> ManifestSource {
    let object: JSONObject
    do throws(JSONScanner.Failure) {
      let hasMark = body.starts(with: [0xEF, 0xBB, 0xBF])
      let value = try JSONValue(parsing: hasMark ? Array(body.dropFirst(3)) : body, allowsTrailingCommas: true)
      guard let parsed = value.asObject else { throw JSONScanner(body).failure("an object is expected", at: 0) }
      object = parsed
    } catch {
      throw wrong("is \(error.description); it is a manifest, or {\"path\": …}")
    }
    if let path = object["path"] { return try source(path, of: object) }
    if let given = object["name"]?.asText, given != name {
      throw wrong("has name \"\(given.escaped)\", and the path of the request says \(name); leave one of them out")
    }
    guard let folder = object["base_dir"]?.asText else {
      throw wrong(
        "has no base_dir: a manifest that lies in no file says the folder of its files, one beneath \(folders)")
    }
    return ManifestSource(.manifest(body, folder: try checked(folder, "base_dir")), name: name)
  }

  private func source(_ path: JSONValue, of object: JSONObject) throws(StatusError) -> ManifestSource {
    if let other = object.members.first(where: { $0.key != "path" }) {
      throw wrong("has path and \(other.key.escaped); a manifest that lies in a file says the rest itself")
    }
    guard let text = path.asText else { throw wrong("has path \(path.kind); it is a text") }
    return ManifestSource(.path(try checked(text, "path")), name: name)
  }

  /// A folder or file that may be looked at.
  private func checked(_ text: String, _ key: String) throws(StatusError) -> String {
    let path = text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    guard allowed.mayHold(path) else {
      throw wrong(
        "has \(key) \"\(text.escaped)\"; it is absolute, has no '..', and lies beneath \(folders); more are allowed by --root"
      )
    }
    return path
  }

  private var folders: String {
    let folders = allowed.roots.folders
    guard let first = folders.first else { return "a root, of which there is none" }
    return folders.count == 1 ? first.escaped : "one of " + folders.map(\.escaped).joined(separator: ", ")
  }

  private func wrong(_ message: String) -> StatusError {
    StatusError(.invalidArgument, "the body of a PUT of \(name) \(message)")
  }
}
