import Loader
import ObjectStore
import Platform
import Yams

/// Reads `config.yaml` into a configuration: every key held against those there are, every error with its line.
struct ConfigurationFile {
  private let path: String
  private let folder: String

  /// Bytes that a configuration may have.
  private static let sizeLimit = 4 << 20
  /// Settings whose value is a path, relative to the file's folder.
  private static let paths: Set<String> = [
    "cache.folder", "tokens.file", "tls.certificate", "tls.key", "tls.client_authority",
  ]
  private static let sourceKeys = ["path", "name", "required"]

  init(path: String) {
    self.path = path
    folder = Path.folder(of: path)
  }

  /// Reads the file over a configuration. Paths in it are relative to its folder.
  func apply(to configuration: inout Configuration) throws(ConfigurationError) {
    guard let root = try parse(try read()) else { return }
    try apply(root, at: "", to: &configuration)
  }

  private func read() throws(ConfigurationError) -> String {
    let bytes: [UInt8]
    do {
      let file = try Roots().adding(folder: folder).open(path)
      guard file.size <= UInt64(ConfigurationFile.sizeLimit) else {
        throw ConfigurationError(
          place: path, message: "has \(file.size) bytes; at most \(ConfigurationFile.sizeLimit) are read")
      }
      bytes = try file.bytes(at: 0, count: Int(file.size))
    } catch let error as ConfigurationError {
      throw error
    } catch let refusal as Roots.Refusal {
      throw ConfigurationError(place: path, message: LoaderError(refusal, file: path).message)
    } catch {
      throw ConfigurationError(place: path, message: "cannot be read: \(error)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(place: path, message: "is not UTF-8")
    }
    return text
  }

  private func parse(_ text: String) throws(ConfigurationError) -> Node? {
    do {
      return try compose(yaml: text)
    } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _)
    {
      throw ConfigurationError(place: "\(path):\(mark.line)", message: "is not valid YAML: \(problem)")
    } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
      throw ConfigurationError(
        place: "\(path):\(context.mark.line)",
        message: "has \(keys.joined(separator: ", ").escaped) twice; each key may be given once")
    } catch {
      throw ConfigurationError(place: path, message: "is not valid YAML")
    }
  }

  // MARK: Keys

  private func apply(_ node: Node, at prefix: String, to configuration: inout Configuration) throws(ConfigurationError)
  {
    if isAbsent(node) { return }
    guard case .mapping(let mapping) = node else {
      throw wrong(node, "\(prefix.isEmpty ? "the configuration" : prefix) is a mapping of keys to values")
    }
    for (key, value) in mapping {
      guard let name = key.scalar?.string else { throw wrong(key, "a key is a text") }
      let path = prefix.isEmpty ? name : "\(prefix).\(name)"
      if let setting = Setting.setting(at: path) {
        try take(value, for: setting, to: &configuration)
      } else if Setting.isSection(path) {
        try apply(value, at: path, to: &configuration)
      } else {
        throw wrong(key, unknown(path, among: Setting.all.map(\.path)))
      }
    }
  }

  private func take(
    _ node: Node, for setting: Setting, to configuration: inout Configuration
  ) throws(ConfigurationError) {
    if isAbsent(node) { return }
    let value = try value(of: node, for: setting)
    do throws(SettingFailure) {
      try setting.take(value, &configuration)
    } catch {
      throw wrong(node, "\(setting.path) is \(text(of: node)); it is \(error.expected)")
    }
  }

  private func value(of node: Node, for setting: Setting) throws(ConfigurationError) -> SettingValue {
    if setting.path == "checkpoints.manifests" { return .sources(try sources(node)) }
    switch node {
    case .scalar(let scalar):
      let isPath = ConfigurationFile.paths.contains(setting.path) && !scalar.string.isEmpty
      return .text(isPath ? Path.join(folder, scalar.string) : scalar.string)
    case .sequence(let sequence):
      var elements: [String] = []
      for element in sequence {
        guard let text = element.scalar?.string else { throw wrong(element, "\(setting.path) is a list of texts") }
        elements.append(text)
      }
      if ["roots", "checkpoints.watch"].contains(setting.path) { return .list(elements.map { Path.join(folder, $0) }) }
      return .list(elements)
    case .mapping, .alias:
      throw wrong(node, "\(setting.path) is a value or a list, not a mapping")
    }
  }

  private func sources(_ node: Node) throws(ConfigurationError) -> [Configuration.Source] {
    guard case .sequence(let sequence) = node else {
      throw wrong(node, "checkpoints.manifests is a list of paths, or of mappings with path, name and required")
    }
    var sources: [Configuration.Source] = []
    for element in sequence { sources.append(try source(element)) }
    return sources
  }

  /// A checkpoint's path: relative to the file, unless it is one of an object store.
  private func place(_ path: String) -> String {
    ObjectCheckpoints.mayLoad(path) ? path : Path.join(folder, path)
  }

  private func source(_ node: Node) throws(ConfigurationError) -> Configuration.Source {
    if let text = node.scalar?.string { return Configuration.Source(path: place(text)) }
    guard case .mapping(let mapping) = node else { throw wrong(node, "a checkpoint is a path, or a mapping with path") }
    var source = Configuration.Source(path: "")
    for (key, value) in mapping {
      let name = key.scalar?.string ?? ""
      guard ConfigurationFile.sourceKeys.contains(name) else {
        throw wrong(key, unknown(name, among: ConfigurationFile.sourceKeys))
      }
      if isAbsent(value) { continue }
      guard let text = value.scalar?.string else { throw wrong(value, "\(name) of a checkpoint is one value") }
      switch name {
      case "path": source.path = place(text)
      case "name": source.name = text
      default:
        guard text == "true" || text == "false" else { throw wrong(value, "required is true or false") }
        source.isRequired = text == "true"
      }
    }
    guard !source.path.isEmpty else { throw wrong(node, "a checkpoint has a path") }
    return source
  }

  private func unknown(_ path: String, among known: [String]) -> String {
    let nearest = NearestName.nearest(to: path, among: known).map { "; did you mean \($0)?" }
    return "unknown key \(path.escaped)\(nearest ?? "; known are \(known.joined(separator: ", "))")"
  }

  private func isAbsent(_ node: Node) -> Bool {
    guard let scalar = node.scalar else { return false }
    return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
  }

  private func text(of node: Node) -> String {
    node.scalar.map { "\"\($0.string.escaped)\"" } ?? "a list"
  }

  private func wrong(_ node: Node, _ message: String) -> ConfigurationError {
    ConfigurationError(place: node.mark.map { "\(path):\($0.line)" } ?? path, message: message)
  }
}
