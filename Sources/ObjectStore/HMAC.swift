import Platform

/// Keyed hashing with SHA-256 (RFC 2104).
enum HMAC {
  private static let block = 64

  /// The code of a message under a key of any length.
  static func sha256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var padded = key.count > block ? SHA256.digest(of: key) : key
    padded += [UInt8](repeating: 0, count: block - padded.count)
    let inner = SHA256.digest(of: padded.map { $0 ^ 0x36 } + message)
    return SHA256.digest(of: padded.map { $0 ^ 0x5C } + inner)
  }
}
