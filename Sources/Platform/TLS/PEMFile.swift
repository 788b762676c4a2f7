import COpenSSL

/// A PEM file (RFC 7468), read whole: certificates, and a key.
@safe struct PEMFile {
  /// Bytes that such a file may have: the roots of a system are a quarter of that.
  private static let limit = 1 << 20

  private let bytes: [UInt8]
  private let place: String

  /// Reads a file.
  /// - Parameter setting: what names it, for messages.
  init(_ path: String, setting: String) throws(TLSError) {
    place = "\(setting) \(path.debugDescription)"
    do throws(SystemError) {
      let file = try SourceFile.opening(path)
      guard file.size <= UInt64(PEMFile.limit) else {
        throw SystemError("open", code: 27, on: path)
      }
      bytes = try file.bytes(at: 0, count: Int(file.size))
    } catch {
      throw TLSError(.settings, "\(place) cannot be read: \(error.reason); it is a PEM file that this user may read")
    }
  }

  /// The certificates in the file, in order, at least one.
  func certificates() throws(TLSError) -> [Certificate] {
    var result: [Certificate] = []
    // SAFETY: the BIO reads the array's own memory, lent for the call.
    let isWhole = unsafe bytes.withUnsafeBytes { memory in
      guard let bio = unsafe BIO_new_mem_buf(memory.baseAddress, CInt(memory.count)) else { return false }
      defer { unsafe BIO_free(bio) }
      ERR_clear_error()
      while let certificate = unsafe PEM_read_bio_X509(bio, nil, openssl_no_passphrase, nil) {
        result.append(unsafe Certificate(owning: certificate))
      }
      // The end of the file is told as a missing first line.
      return ERR_GET_REASON(UInt(OpenSSL.takeError().code)) == PEM_R_NO_START_LINE
    }
    guard isWhole, !result.isEmpty else {
      throw TLSError(
        .settings,
        "\(place) holds \(result.isEmpty ? "no" : "a broken") certificate: it is a PEM file with certificates")
    }
    return result
  }

  /// The first key in the file.
  func key() throws(TLSError) -> PrivateKey {
    // SAFETY: the BIO reads the array's own memory, lent for the call.
    let key: PrivateKey? = unsafe bytes.withUnsafeBytes { memory in
      guard let bio = unsafe BIO_new_mem_buf(memory.baseAddress, CInt(memory.count)) else { return nil }
      defer { unsafe BIO_free(bio) }
      ERR_clear_error()
      guard let key = unsafe PEM_read_bio_PrivateKey(bio, nil, openssl_no_passphrase, nil) else { return nil }
      return unsafe PrivateKey(owning: key)
    }
    if let key { return key }
    let reason = OpenSSL.takeReason()
    let isLocked = bytes.isEncryptedKey
    throw TLSError(
      .settings,
      isLocked
        ? "\(place) holds a key with a passphrase: write it without one ('openssl pkey'), readable by this user alone"
        : "\(place) holds no private key (\(reason ?? "nothing in it")): it is a PEM file with one")
  }
}

extension [UInt8] {
  /// Whether the text says that a key in it has a passphrase (RFC 7468 section 11, RFC 1421 section 4.6.1.1).
  fileprivate var isEncryptedKey: Bool {
    let text = String(decoding: self, as: UTF8.self)
    return text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
  }
}

/// An X.509 certificate.
@safe final class Certificate {
  private let certificate: OpaquePointer

  @unsafe init(owning certificate: OpaquePointer) {
    unsafe self.certificate = certificate
  }

  deinit {
    unsafe X509_free(certificate)
  }

  /// The certificate, valid while this object lives.
  @unsafe var pointer: OpaquePointer { unsafe certificate }

  /// When it ends, in seconds since 1970; nil where it does not say so in a way that is understood.
  var expires: Int64? {
    var (days, seconds): (CInt, CInt) = (0, 0)
    // SAFETY: the time belongs to the certificate, and both numbers outlive the call.
    guard unsafe ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)) == 1 else { return nil }
    return WallClock.seconds() + Int64(days) * 86_400 + Int64(seconds)
  }
}

/// A private key.
@safe final class PrivateKey {
  private let key: OpaquePointer

  @unsafe init(owning key: OpaquePointer) {
    unsafe self.key = key
  }

  deinit {
    unsafe EVP_PKEY_free(key)
  }

  /// The key, valid while this object lives.
  @unsafe var pointer: OpaquePointer { unsafe key }

  /// Whether a signature takes so long, by RSA or a large curve, that a queue of connections should not wait for it.
  var isSlow: Bool {
    switch unsafe EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_ED25519: false
    case EVP_PKEY_EC: unsafe EVP_PKEY_get_bits(key) > 256
    default: true
    }
  }
}
