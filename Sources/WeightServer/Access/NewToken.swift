import Platform
import Transport

/// A token that was just made, and what the file of tokens has to say of it.
package struct NewToken: Sendable {
  /// What its holder shows: 256 random bits behind a prefix that tells people and scanners what it is.
  package let text: String
  /// The line for the file, which holds only the token's SHA-256.
  package let line: String

  /// The start of every token that is made here.
  package static let prefix = "ws_"

  /// Makes a token.
  /// - Parameters:
  ///   - name: who has it.
  ///   - scopes: `read`, `admin` or `read,admin`.
  ///   - manifests: comma-separated patterns of the names it extends to; nil for all.
  ///   - expires: when it ceases to count, as the file has it; nil for never.
  /// - Throws: what the file's reader would say of the line.
  package init(name: String, scopes: String, manifests: String?, expires: String?) throws(ConfigurationError) {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    text = NewToken.prefix + bytes.hexadecimal
    let words = [
      name, SHA256.digest(of: [UInt8](text.utf8)).hexadecimal, scopes, manifests.map { "manifests=\($0)" },
      expires.map { "expires=\($0)" },
    ]
    line = words.compactMap(\.self).joined(separator: " ")
    do throws(TokenList.Fault) {
      let entries = try TokenList(parsing: line).entries
      guard entries.count == 1, entries[0].name == name else {
        throw TokenList.Fault(
          line: 1, message: "name, scopes, patterns and date hold no white space and no '#' at their start")
      }
    } catch {
      throw ConfigurationError(place: "token", message: error.message)
    }
  }
}
