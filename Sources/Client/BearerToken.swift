internal import Loader
internal import Platform

/// A token that a client shows to a server (RFC 6750). Its text stays inside: no description, dump or error has it.
public struct BearerToken: Sendable, Hashable {
  /// What is sent.
  let secret: String

  /// Bytes that a token may have.
  private static let lengthLimit = 4096

  /// A token of some text.
  /// - Throws: `invalid_argument` for a text that cannot stand in `Authorization: Bearer`; it is not repeated.
  public init(_ text: String) throws(WeightClientError) {
    guard (1...BearerToken.lengthLimit).contains(text.utf8.count), text.utf8.allSatisfy(BearerToken.isTokenByte) else {
      throw WeightClientError(
        .request, .invalidArgument,
        "a token has 1 to \(BearerToken.lengthLimit) characters of A-Z, a-z, 0-9, '-', '.', '_', '~', '+', '/', '='")
    }
    secret = text
  }

  /// The token that a file holds, white space around it left out.
  /// - Throws: what cannot be read, or is no token.
  public init(file path: String) throws(WeightClientError) {
    let bytes: [UInt8]
    do throws(SystemError) {
      let file = try SourceFile.opening(path)
      bytes = try file.bytes(at: 0, count: Int(min(file.size, UInt64(2 * BearerToken.lengthLimit))))
    } catch {
      throw WeightClientError(
        .local, error.isMissingFile ? .notFound : .internalError,
        "the token's file \(path.escaped) cannot be read: \(error.reason)")
    }
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    do throws(WeightClientError) {
      try self.init(String(decoding: trimmed, as: UTF8.self))
    } catch {
      throw WeightClientError(error.origin, error.code, "the token's file \(path.escaped) holds none: \(error.message)")
    }
  }

  /// The characters of `b64token` (RFC 6750 section 2.1).
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x2B, 0x2F, 0x3D: true
    default: false
    }
  }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// That there is one.
  public var description: String { "(a token)" }

  /// The same.
  public var debugDescription: String { description }

  /// Nothing of what is inside.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
