import COpenSSL

/// A running SHA-256 (FIPS 180-4), by OpenSSL.
@safe public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  /// Starts an empty digest.
  public init() {
    guard OpenSSL.isReady else { preconditionFailure("OpenSSL cannot be initialized") }
    guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("EVP_MD_CTX_new: out of memory") }
    unsafe self.context = context
    guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      preconditionFailure("OpenSSL has no SHA-256")
    }
  }

  deinit {
    unsafe EVP_MD_CTX_free(context)
  }

  /// Adds raw memory.
  @unsafe public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // SAFETY: the address and length are the buffer's own.
    _ = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// Adds bytes.
  public mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// Adds a text's UTF-8 after its length, so that two fields never run together.
  public mutating func update(field text: String) {
    let bytes = [UInt8](text.utf8)
    update(integer: UInt64(bytes.count))
    update(bytes)
  }

  /// Adds a number as eight bytes, least significant first.
  public mutating func update(integer: UInt64) {
    update((0..<8).map { UInt8(truncatingIfNeeded: integer >> (8 * UInt64($0))) })
  }

  /// The digest's 32 bytes. Nothing may be added after.
  public consuming func finish() -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 32)
    var count: CUnsignedInt = 0
    // SAFETY: `result` holds the 32 bytes that SHA-256 has.
    _ = unsafe EVP_DigestFinal_ex(context, &result, &count)
    return result
  }

  /// The digest of some bytes.
  public static func digest(of bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    return hash.finish()
  }
}
