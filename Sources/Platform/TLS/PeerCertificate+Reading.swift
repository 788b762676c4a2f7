import COpenSSL
import Glibc

extension TLSStream {
  /// The peer's certificate, if it showed one and it was verified.
  package func peerCertificate() -> PeerCertificate? {
    // SAFETY: the session keeps the certificate alive for the length of the calls.
    guard let certificate = unsafe SSL_get0_peer_certificate(pointer),
      unsafe SSL_get_verify_result(pointer) == CLong(X509_V_OK)
    else { return nil }
    return unsafe PeerCertificate(certificate)
  }

  /// Whether the handshake went on with an earlier session.
  package var isResumed: Bool { unsafe SSL_session_reused(pointer) == 1 }

  /// The version and cipher that were agreed on: `TLSv1.3 TLS_AES_128_GCM_SHA256`.
  package var agreement: String {
    // SAFETY: both texts are constants of the library.
    unsafe String(cString: SSL_get_version(pointer)) + " "
      + String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(pointer)))
  }
}

extension PeerCertificate {
  @unsafe fileprivate init(_ certificate: OpaquePointer) {
    // SAFETY: the certificate outlives the calls; so do its name and what is read of that.
    let name = unsafe X509_get_subject_name(certificate)
    unsafe self.init(
      subject: PeerCertificate.subject(name), commonName: PeerCertificate.commonName(name),
      alternativeNames: PeerCertificate.alternativeNames(certificate),
      fingerprint: PeerCertificate.fingerprint(certificate))
  }

  @unsafe private static func subject(_ name: OpaquePointer?) -> String {
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { return "" }
    defer { unsafe BIO_free(bio) }
    unsafe X509_NAME_print_ex(bio, name, 0, openssl_name_format())
    var bytes = [UInt8](repeating: 0, count: 4096)
    // SAFETY: at most the array's bytes are written.
    let count = unsafe BIO_read(bio, &bytes, CInt(bytes.count))
    return String(decoding: bytes.prefix(Int(max(count, 0))), as: UTF8.self)
  }

  @unsafe private static func commonName(_ name: OpaquePointer?) -> String? {
    var index: CInt = -1
    while true {
      let next = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, index)
      if next < 0 { break }
      index = next
    }
    guard index >= 0 else { return nil }
    return unsafe text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)))
  }

  @unsafe private static func alternativeNames(_ certificate: OpaquePointer) -> [String] {
    guard let names = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
    let stack = OpaquePointer(names)
    // SAFETY: the stack is this function's own, of general names alone (RFC 5280, section 4.2.1.6).
    defer { unsafe GENERAL_NAMES_free(stack) }
    var result: [String] = []
    for index in 0..<(unsafe OPENSSL_sk_num(stack)) {
      guard let entry = unsafe OPENSSL_sk_value(stack, index) else { continue }
      var kind: CInt = 0
      let value = unsafe GENERAL_NAME_get0_value(
        entry.assumingMemoryBound(to: GENERAL_NAME.self), &kind)
      guard let value = unsafe value else { continue }
      let string = unsafe value.assumingMemoryBound(to: ASN1_STRING.self)
      switch kind {
      case GEN_DNS, GEN_URI, GEN_EMAIL: if let text = unsafe text(string) { result.append(text) }
      case GEN_IPADD: if let text = unsafe address(string) { result.append(text) }
      default: break
      }
    }
    return result
  }

  /// A text of a certificate; nil where it holds a control character, which no name has and which would hide what follows.
  @unsafe private static func text(_ string: UnsafePointer<ASN1_STRING>?) -> String? {
    var memory: UnsafeMutablePointer<UInt8>?
    // SAFETY: OpenSSL allocates the memory, of the length that it answers, and it is freed here.
    let count = unsafe ASN1_STRING_to_UTF8(&memory, string)
    guard count >= 0, let memory = unsafe memory else { return nil }
    defer { unsafe CRYPTO_free(memory, nil, 0) }
    let bytes = unsafe UnsafeBufferPointer(start: memory, count: Int(count))
    guard unsafe bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
    return unsafe String(decoding: bytes, as: UTF8.self)
  }

  @unsafe private static func address(_ string: UnsafePointer<ASN1_STRING>) -> String? {
    // SAFETY: the memory belongs to the string and has the length that it says.
    let bytes = unsafe [UInt8](
      UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string))))
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    // SAFETY: the address has the length of its family, and at most `text.count` bytes are written.
    guard unsafe inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
      return nil
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @unsafe private static func fingerprint(_ certificate: OpaquePointer) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    var count: CUnsignedInt = 0
    // SAFETY: SHA-256 has the 32 bytes that `digest` has.
    unsafe X509_digest(certificate, EVP_sha256(), &digest, &count)
    return digest.hexadecimal
  }
}
