import Platform

/// The folder of one saved step of a DeepSpeed training run: the newest by the run's `latest`, or the folder itself.
///
/// Source: DeepSpeed `runtime/engine.py`, `save_checkpoint` and `load_checkpoint`: `latest` holds the tag, a folder's name;
/// `checkpoint/ds_to_universal.py` writes `latest_universal` for the folder that it made.
struct DeepSpeedTag {
  /// The folder's path relative to the checkpoint's; empty for itself.
  let path: String
  /// Why it is this one.
  let reason: String
  /// Its files by what their names say.
  let files: [DeepSpeedFileName: String]
  /// Whether it holds merged parameters: a universal checkpoint.
  let isUniversal: Bool

  /// Two files whose names say the same.
  private let clash: [String]

  private static let trackers = ["latest", "latest_universal"]
  /// The folder of merged parameters.
  static let mergedFolder = "zero"
  private static let stepName = NamePattern("global_step#[_universal]")

  /// The step that a candidate means; nil where it is no folder of DeepSpeed's.
  ///
  /// `latest` goes before `latest_universal`, which was made of what `latest` once named; without either the only step there is.
  static func find(_ candidate: Candidate) throws(LoaderError) -> DeepSpeedTag? {
    guard candidate.file == nil, let tag = try newest(candidate) else { return nil }
    guard tag.clash.isEmpty else {
      throw .ambiguous(
        candidate.path, "the step holds \(tag.clash.listed), whose names say the same",
        remedy: "move the files of one save away")
    }
    return tag
  }

  private static func newest(_ candidate: Candidate) throws(LoaderError) -> DeepSpeedTag? {
    if let own = DeepSpeedTag(path: "", reason: "the folder itself", names: candidate.names) { return own }
    for tracker in trackers where candidate.has(tracker) {
      guard let name = try name(in: tracker, candidate) else { continue }
      let names = try candidate.names(in: name)
      guard let tag = DeepSpeedTag(path: name, reason: "\(tracker) names \(name.escaped)", names: names) else {
        throw .invalid(tracker, "names \(name.escaped), which holds none of the files that DeepSpeed writes")
      }
      return tag
    }
    return try onlyStep(candidate)
  }

  private init?(path: String, reason: String, names: [String]) {
    var files: [DeepSpeedFileName: String] = [:]
    var clash: [String] = []
    for name in names {
      guard let kind = DeepSpeedFileName(name) else { continue }
      if let other = files.updateValue(name, forKey: kind) { clash = [other, name].sorted() }
    }
    let isTraining = files.keys.contains { kind in
      switch kind {
      case .model, .partition, .layer: true
      case .optimizer, .expert: false
      }
    }
    guard isTraining else { return nil }
    self.path = path
    self.reason = reason
    self.files = files
    self.clash = clash
    isUniversal = names.contains(DeepSpeedTag.mergedFolder)
  }

  /// The tag that a tracker holds; nil where it is something else: the name is a common one.
  private static func name(in tracker: String, _ candidate: Candidate) throws(LoaderError) -> String? {
    guard let text = try? candidate.read(tracker, limit: 4096) else { return nil }
    let name = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    guard Path.isInside(name), !name.contains("/") else { return nil }
    guard candidate.has(name) else {
      throw LoaderError(.missingFile, "names the folder \(name.escaped), which is not there", file: tracker)
    }
    return name
  }

  private static func onlyStep(_ candidate: Candidate) throws(LoaderError) -> DeepSpeedTag? {
    let steps = candidate.names.filter { stepName?.match($0) != nil }.sorted(by: NaturalOrder.precedes)
    var found: [DeepSpeedTag] = []
    for name in steps {
      guard let names = try? candidate.names(in: name) else { continue }
      if let tag = DeepSpeedTag(path: name, reason: "\(name) is its only step", names: names) { found.append(tag) }
    }
    guard found.count <= 1 else {
      throw .ambiguous(
        candidate.path, "there is no latest, and the folder holds the steps \(found.map(\.path).listed)",
        remedy: "name the folder of one")
    }
    return found.first
  }

  /// A file's path relative to the checkpoint's folder.
  func file(_ name: String) -> String { path.isEmpty ? name : Path.join(path, name) }

  /// The files of the ranks 0, 1, 2 … of a kind, each with its number.
  /// - Throws: an error where a rank between others has none.
  func ranks(_ what: String, _ number: (DeepSpeedFileName) -> Int?) throws(LoaderError) -> [String] {
    var byRank: [Int: String] = [:]
    for (kind, name) in files {
      if let rank = number(kind) { byRank[rank] = file(name) }
    }
    var names: [String] = []
    for rank in 0..<byRank.count {
      guard let name = byRank[rank] else {
        throw LoaderError(
          .missingFile, "holds files of the \(what) \(byRank.keys.sorted().map(String.init).listed), none of \(rank)",
          file: path.isEmpty ? nil : path)
      }
      names.append(name)
    }
    return names
  }
}

extension [String] {
  /// The words, at most eight of them, as a list in a message.
  var listed: String {
    prefix(8).map(\.escaped).joined(separator: ", ") + (count > 8 ? " and \(count - 8) more" : "")
  }
}

extension LoaderError {
  /// Something that could mean several things: what was found, and how to say which is meant.
  static func ambiguous(_ file: String, _ found: String, remedy: String) -> LoaderError {
    .invalid(file, "is ambiguous: \(found); \(remedy)")
  }
}
