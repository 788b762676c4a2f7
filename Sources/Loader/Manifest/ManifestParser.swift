/// Reads a manifest's JSON key by key, and says of each wrong value what would be right.
struct ManifestParser {
  /// The name of the file, for messages.
  let file: String

  /// Bytes that a manifest may have.
  static let sizeLimit = 16 << 20

  private static let knownKeys: Set<String> = [
    "type", "checkpoints", "version", "parallelization", "mp_size", "tp_size", "base_dir", "dtype", "name",
    "module_key",
    "family", "rules", "assets", "strict", "vocab_size", "version_override", "sha256",
  ]

  /// Keys that say where something is on this host or how it is called, not what it is.
  private static let keysOutsideIdentity: Set<String> = ["base_dir", "name", "assets"]

  func parse(_ bytes: [UInt8]) throws(LoaderError) -> Manifest {
    let object: JSONObject
    var warnings: [String] = []
    do throws(JSONScanner.Failure) {
      let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
      var scanner = JSONScanner(hasMark ? Array(bytes.dropFirst(3)) : bytes, allowsTrailingCommas: true)
      guard case .object(let parsed) = try scanner.value() else {
        throw scanner.failure("a manifest is an object", at: 0)
      }
      try scanner.finish()
      object = parsed
      for comma in scanner.trailingCommas {
        let place = scanner.failure("", at: comma)
        warnings.append("the manifest has a comma too many at line \(place.line), column \(place.column)")
      }
    } catch {
      throw .invalid(file, "is \(error.description)")
    }
    var manifest = Manifest(type: try type(object), checkpoints: try files(object))
    manifest.warnings = warnings
    try readDeepSpeedKeys(object, into: &manifest)
    try readOwnKeys(object, into: &manifest)
    for (key, _) in object.members where !ManifestParser.knownKeys.contains(key) {
      manifest.warnings.append("the manifest's key \(key.escaped) is unknown and ignored")
    }
    manifest.identity = object.members
      .filter { !ManifestParser.keysOutsideIdentity.contains($0.key) && ManifestParser.knownKeys.contains($0.key) }
      .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.canonical)" }.joined(separator: "\n")
    return manifest
  }

  private func type(_ object: JSONObject) throws(LoaderError) -> Manifest.SourceType {
    let known = Manifest.SourceType.allCases.map(\.rawValue).joined(separator: ", ")
    guard let value = object["type"] else { throw wrong("has no type; it is one of \(known)") }
    let found = Manifest.SourceType.allCases.first { $0.rawValue.lowercased() == value.asText?.lowercased() }
    guard let found else { throw wrong("has type \(value.kind); known are \(known)") }
    return found
  }

  private func files(_ object: JSONObject) throws(LoaderError) -> Manifest.Files {
    switch object["checkpoints"] {
    case nil:
      throw wrong("has no checkpoints: a list of files, a folder or glob, or {\"tp\": […], \"non_tp\": […]}")
    case .text(let text)?:
      guard !text.isEmpty else { throw wrong("has an empty checkpoints") }
      return .pattern(text)
    case .array(let elements)?:
      let names = try texts(elements, "checkpoints")
      guard !names.isEmpty else { throw wrong("has checkpoints [], which names no file") }
      return .list(names)
    case .object(let parts)?:
      let shared = parts["non_tp"] ?? parts["non-tp"] ?? .array([])
      guard let ranks = parts["tp"]?.asArray, let shared = shared.asArray else {
        throw wrong("has checkpoints without the list tp, or with a non_tp that is no list")
      }
      return .parts(
        tensorParallel: try texts(ranks, "checkpoints.tp"), shared: try texts(shared, "checkpoints.non_tp"))
    case .some(let other):
      throw wrong("has checkpoints \(other.kind); it is a list of files, a folder or glob, or {\"tp\": […]}")
    }
  }

  private func readDeepSpeedKeys(_ object: JSONObject, into manifest: inout Manifest) throws(LoaderError) {
    if let version = object["version"], !version.isNull {
      guard let number = version.asNumber else { throw wrong("has version \(version.kind); it is a number, or null") }
      manifest.version = number
    }
    if let text = try text(object, "parallelization") {
      guard ["tp", "pp"].contains(text) else { throw wrong("has parallelization \"\(text.escaped)\"; it is tp or pp") }
      manifest.parallelization = text
    }
    for key in ["mp_size", "tp_size"] {
      guard let value = object[key], !value.isNull else { continue }
      guard let size = value.asInteger, (1...PartitionParameters.mpLimit).contains(size) else {
        throw wrong("has \(key) \(value.kind); it is a whole number from 1 to \(PartitionParameters.mpLimit)")
      }
      if let other = manifest.sourceDegree, other != size {
        throw wrong("has mp_size \(other) and tp_size \(size), which mean the same; give one of them")
      }
      manifest.sourceDegree = size
    }
    manifest.baseFolder = try text(object, "base_dir")
    _ = try text(object, "dtype")
  }

  private func readOwnKeys(_ object: JSONObject, into manifest: inout Manifest) throws(LoaderError) {
    manifest.name = try text(object, "name")
    manifest.family = try text(object, "family")
    manifest.assets = try text(object, "assets")
    let key = try text(object, "module_key")
    manifest.moduleKey = key == "auto" ? nil : key
    manifest.isStrict = try boolean(object, "strict")
    manifest.overridesVersion = try boolean(object, "version_override")
    if let value = object["vocab_size"], !value.isNull {
      guard let size = value.asInteger, size > 0, size <= Int(Int32.max) else {
        throw wrong("has vocab_size \(value.kind); it is a whole number from 1 up")
      }
      manifest.vocabularySize = size
    }
    if let rules = object["rules"], !rules.isNull {
      guard let members = rules.asObject?.members else { throw wrong("has rules \(rules.kind); it is an object") }
      for (pattern, role) in members {
        guard let role = role.asText else { throw wrong("has rule \(pattern.escaped) \(role.kind); it is a text") }
        manifest.rules.append((pattern, role))
      }
    }
    if let digests = object["sha256"], !digests.isNull {
      guard let members = digests.asObject?.members else { throw wrong("has sha256 \(digests.kind); it is an object") }
      for (name, digest) in members {
        guard let text = digest.asText?.lowercased(), text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else {
          throw wrong("has sha256 of \(name.escaped) \(digest.kind); it is 64 hexadecimal digits")
        }
        manifest.digests[name] = text
      }
    }
  }

  private func text(_ object: JSONObject, _ key: String) throws(LoaderError) -> String? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let text = value.asText else { throw wrong("has \(key) \(value.kind); it is a text") }
    guard !text.isEmpty, !text.utf8.contains(0) else {
      throw wrong("has \(key) \(value.kind); it is a text without NUL")
    }
    return text
  }

  private func boolean(_ object: JSONObject, _ key: String) throws(LoaderError) -> Bool {
    guard let value = object[key], !value.isNull else { return false }
    guard let boolean = value.asBoolean else { throw wrong("has \(key) \(value.kind); it is true or false") }
    return boolean
  }

  private func texts(_ elements: [JSONValue], _ key: String) throws(LoaderError) -> [String] {
    guard elements.count <= FileTable.limit else { throw wrong("has more than \(FileTable.limit) \(key)") }
    var names: [String] = []
    for element in elements {
      guard let name = element.asText, !name.isEmpty else {
        throw wrong("has \(key) with \(element.kind) in it; files are given by name")
      }
      names.append(name)
    }
    return names
  }

  private func wrong(_ message: String) -> LoaderError { .invalid(file, message) }
}

extension JSONValue {
  /// The value as a text that is equal for equal values: keys sorted, numbers by value.
  fileprivate var canonical: String {
    switch self {
    case .null: "null"
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(Double(value))"
    case .number(let value): "\(value)"
    case .text(let value): "\"\(value)\""
    case .array(let elements): "[" + elements.map(\.canonical).joined(separator: ",") + "]"
    case .object(let object):
      "{"
        + object.members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value.canonical)" }
        .joined(separator: ",") + "}"
    }
  }
}
