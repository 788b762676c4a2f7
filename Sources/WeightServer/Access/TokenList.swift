import Loader
import Platform
import Transport

/// The tokens of a file, one a line:
///
///     # name   SHA-256 of the token   what it allows   and, if it is not to be for all and for ever,
///     ci       3f0a…                  read             manifests=llama-*,gpt2   expires=2027-01-31
///     ops      91bc…                  read,admin
struct TokenList: Hashable, Sendable {
  /// The tokens, in the order of the file.
  private(set) var entries: [TokenEntry] = []

  /// Tokens that a file may hold.
  static let countLimit = 10_000

  /// A line that cannot be used: what is wrong and what would be right. Digests are not repeated.
  struct Fault: Error, Hashable {
    let line: Int
    let message: String
  }

  /// No tokens.
  init() {}

  /// Reads the text of a file.
  init(parsing text: String) throws(Fault) {
    var names: Set<String> = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let number = index + 1
      // A comment begins a word: inside of one `#` is a pattern's.
      let words = line.split { $0 == " " || $0 == "\t" }.map(String.init)
        .prefix { !$0.hasPrefix("#") }
      if words.isEmpty { continue }
      let entry = try TokenList.entry(Array(words), line: number)
      guard names.insert(entry.name).inserted else {
        throw Fault(line: number, message: "\(entry.name) stands twice; each token has a name of its own")
      }
      guard entries.count < TokenList.countLimit else {
        throw Fault(line: number, message: "there are more than \(TokenList.countLimit) tokens")
      }
      entries.append(entry)
    }
  }

  /// The token that some text is, if it is one that counts at a time, in seconds since 1970.
  ///
  /// Every entry is held against the text's digest, and every byte of both against each other, whatever was found before: how long it
  /// takes tells nothing of the entries.
  func entry(for token: String, at time: Int64) -> TokenEntry? {
    let digest = SHA256.digest(of: [UInt8](token.utf8))
    var found: TokenEntry?
    for entry in entries where ConstantTime.isEqual(entry.digest, digest) { found = entry }
    guard let found, found.expires.map({ time < $0 }) ?? true else { return nil }
    return found
  }

  private static func entry(_ words: [String], line: Int) throws(Fault) -> TokenEntry {
    guard words.count >= 3 else {
      throw Fault(line: line, message: "a token is a name, a SHA-256 in hexadecimal digits, and scopes")
    }
    guard isName(words[0]) else {
      throw Fault(
        line: line, message: "name \(words[0].escaped) is not made of 1 to 96 of A-Z, a-z, 0-9, '.', '_', '-' and '@'")
    }
    guard let digest = digest(words[1]) else {
      throw Fault(line: line, message: "what follows \(words[0]) is not a SHA-256 of 64 hexadecimal digits")
    }
    var manifests: [NamePattern]?
    var expires: Int64?
    for word in words.dropFirst(3) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      switch (parts[0], parts.count) {
      case ("manifests", 2) where manifests == nil: manifests = try patterns(parts[1], line: line)
      case ("expires", 2) where expires == nil:
        guard let time = HTTPDate.parseRFC3339(parts[1]) else {
          throw Fault(
            line: line,
            message: "expires=\(parts[1].escaped) is no date; it is as 2027-01-31 or 2027-01-31T08:15:00Z, in UTC")
        }
        expires = time
      default:
        throw Fault(
          line: line, message: "\(word.escaped) is not known here; after the scopes may stand manifests= and expires=")
      }
    }
    return TokenEntry(
      name: words[0], digest: digest, scopes: try scopes(words[2], line: line), manifests: manifests, expires: expires)
  }

  /// Whether a text may be a token's name.
  static func isName(_ text: String) -> Bool {
    (1...96).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x40, 0x5F: true
        default: false
        }
      }
  }

  /// The scopes of a list such as `read,admin`; nil where one is not known or there is none.
  static func scopes(_ text: String) -> Set<Access.Scope>? {
    var scopes: Set<Access.Scope> = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let scope = Access.Scope(rawValue: String(name)) else { return nil }
      scopes.insert(scope)
    }
    return scopes.isEmpty ? nil : scopes
  }

  private static func scopes(_ text: String, line: Int) throws(Fault) -> Set<Access.Scope> {
    guard let scopes = scopes(text) else {
      throw Fault(line: line, message: "scopes \(text.escaped) are not known; they are read, admin, or read,admin")
    }
    return scopes
  }

  private static func patterns(_ text: String, line: Int) throws(Fault) -> [NamePattern] {
    var patterns: [NamePattern] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard !part.isEmpty, let pattern = NamePattern(String(part)) else {
        throw Fault(
          line: line, message: "manifests=\(text.escaped) holds no pattern, or one whose bracket is not closed")
      }
      patterns.append(pattern)
    }
    return patterns
  }

  private static func digest(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { ASCII.hexadecimalValue($0) }
    guard text.utf8.count == 64, digits.count == 64 else { return nil }
    return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
