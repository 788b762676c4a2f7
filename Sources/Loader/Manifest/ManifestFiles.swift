import Platform

/// Turns what a manifest says of its files into their names.
struct ManifestFiles {
  private let candidate: Candidate
  private let folder: String

  init(_ candidate: Candidate, _ folder: String) {
    self.candidate = candidate
    self.folder = folder
  }

  /// The files' names, in order.
  func names(of files: Manifest.Files, manifest: String) throws(LoaderError) -> [String] {
    switch files {
    case .list(let names): return names
    case .pattern(let text): return try matches(text, manifest)
    case .parts:
      throw .invalid(manifest, "has checkpoints with tp and non_tp, which type ds_model has; Megatron has a list")
    }
  }

  /// The files of a folder, or those of a folder that a glob matches; numbers in names are ordered by value.
  private func matches(_ text: String, _ manifest: String) throws(LoaderError) -> [String] {
    guard Path.isInside(text) || text.hasPrefix("/") else {
      throw .invalid(manifest, "has checkpoints \"\(text.escaped)\", which leaves the checkpoint's folder")
    }
    let full = Path.join(folder, text)
    let isGlob = text.utf8.contains { "*?".utf8.contains($0) }
    do throws(SystemError) {
      if !isGlob, try FileStatus.of(path: full).kind != .folder { return [text] }
      let parent = isGlob ? Path.folder(of: full) : full
      guard candidate.roots.contain(resolved: try Roots.resolve(parent)) else {
        throw SystemError("open", code: 13, on: text)
      }
      let pattern = NamePattern(isGlob ? Path.name(of: full) : "*") ?? .nothing
      let found = try Folder.names(in: parent).filter { !$0.hasPrefix(".") && pattern.match($0) != nil }
      guard !found.isEmpty else { throw SystemError("open", code: 2, on: text) }
      let prefix = isGlob ? Path.folder(of: text) : text
      return found.sorted { NaturalOrder.precedes($0, $1) }.map { Path.join(prefix, $0) }
    } catch {
      throw LoaderError(error, file: text)
    }
  }
}

/// The order of names in which numbers count by their value: `rank_2` before `rank_10`.
enum NaturalOrder {
  static func precedes(_ left: String, _ right: String) -> Bool {
    let (left, right) = (pieces(left), pieces(right))
    for (one, other) in zip(left, right) where one != other { return one < other }
    return left.count < right.count
  }

  /// A piece of a name: digits without leading zeros compare by length, then by text.
  private struct Piece: Comparable {
    let isNumber: Bool
    let text: [UInt8]

    static func < (left: Piece, right: Piece) -> Bool {
      if left.isNumber, right.isNumber, left.text.count != right.text.count {
        return left.text.count < right.text.count
      }
      return left.text.lexicographicallyPrecedes(right.text)
    }
  }

  private static func pieces(_ name: String) -> [Piece] {
    var pieces: [Piece] = []
    var rest = Array(name.utf8)[...]
    while let first = rest.first {
      let isNumber = isDigit(first)
      let run = rest.prefix { isDigit($0) == isNumber }
      let text = isNumber ? run.drop { $0 == 0x30 } : run
      pieces.append(Piece(isNumber: isNumber, text: Array(text)))
      rest = rest.dropFirst(run.count)
    }
    return pieces
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
