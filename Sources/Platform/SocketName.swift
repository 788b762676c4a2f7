import Glibc

/// A socket address as connect(2) takes it.
struct SocketName: Sendable {
  /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
  let family: CInt
  private let bytes: [UInt8]

  /// The address of a Unix-domain socket.
  init(unix path: String) throws(OutgoingSocket.Failure) {
    var address = sockaddr_un()
    let room = MemoryLayout.size(ofValue: address.sun_path)
    let text = [UInt8](path.utf8)
    guard !text.isEmpty, text.count < room, !text.contains(0) else {
      throw .system(SystemError("connect", code: ENAMETOOLONG, on: path))
    }
    address.sun_family = sa_family_t(AF_UNIX)
    family = AF_UNIX
    // SAFETY: `text` and its terminator fit `sun_path`, as checked; all bytes of the structure are initialized.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: text) }
    bytes = unsafe withUnsafeBytes(of: &address) { unsafe [UInt8]($0) }
  }

  private init(family: CInt, bytes: [UInt8]) {
    self.family = family
    self.bytes = bytes
  }

  /// The addresses of a host, by getaddrinfo(3), in its order.
  static func resolve(host: String, port: UInt16) throws(OutgoingSocket.Failure) -> [SocketName] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    // SAFETY: all arguments outlive the call; the list is freed below.
    var code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    if code == EAI_BADFLAGS || code == EAI_NONAME {
      // A host with no address but loopback has no configured family: ask again without that condition.
      unsafe hints.ai_flags = AI_NUMERICSERV
      code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    }
    guard code == 0 else {
      // SAFETY: gai_strerror(3) returns a static string.
      let reason = code == EAI_SYSTEM ? SystemError("getaddrinfo").reason : unsafe String(cString: gai_strerror(code))
      throw .unresolved(host: host, reason: reason)
    }
    defer { unsafe freeaddrinfo(list) }
    var names: [SocketName] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
      if let address = unsafe entry.ai_addr {
        // SAFETY: the resolver states the address's own length.
        let bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
        names.append(SocketName(family: unsafe entry.ai_family, bytes: bytes))
      }
      unsafe next = entry.ai_next
    }
    return names
  }

  /// connect(2). Returns its result; `errno` is left as it set it.
  func connect(_ descriptor: CInt) -> CInt {
    // SAFETY: the bytes are a whole socket address of this family; connect(2) reads `count` of them.
    unsafe bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return -1 }
      return unsafe Glibc.connect(descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
  }
}
