import CLinux
import Glibc

/// Where a socket is bound or connects to: an IPv4 or IPv6 address with a port, or a path of the file system.
@safe package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// The `sockaddr` as the kernel has it.
  private let bytes: [UInt8]

  /// A name that could not be resolved to an address.
  package struct ResolutionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name.
    package let host: String
    /// The text of `gai_strerror(3)`.
    package let reason: String

    package var description: String { "\(host): \(reason) (getaddrinfo)" }
  }

  /// Copies a `sockaddr` of `length` bytes, cut to what a `sockaddr_storage` holds.
  @unsafe init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
    let count = min(Int(length), MemoryLayout<sockaddr_storage>.size)
    // SAFETY: the caller has `length` bytes there.
    bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: address, count: count))
  }

  /// A socket in the file system.
  /// - Throws: `ENAMETOOLONG` for a path of more than 107 bytes, `EINVAL` for an empty one or one with a NUL.
  package init(unixPath path: String) throws(SystemError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    guard path.utf8.count < MemoryLayout<sockaddr_un>.size - offset else {
      throw SystemError("bind", code: ENAMETOOLONG, on: path)
    }
    guard !path.isEmpty, !path.utf8.contains(0) else { throw SystemError("bind", code: EINVAL, on: path) }
    var bytes = unsafe withUnsafeBytes(of: &address) { unsafe [UInt8]($0) }
    bytes.replaceSubrange(offset..<offset + path.utf8.count, with: path.utf8)
    self.bytes = bytes
  }

  /// Where a service manager listens: a path, or behind `@` a name that is in no file system (unix(7), abstract sockets).
  init(notifying text: String) throws(SystemError) {
    guard text.hasPrefix("@") else {
      try self.init(unixPath: text)
      return
    }
    var bytes = try SocketAddress(unixPath: text).bytes
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    // The length of the address ends the name, so nothing may follow it.
    bytes.removeLast(bytes.count - offset - text.utf8.count)
    bytes[offset] = 0
    self.init(bytes)
  }

  private init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The addresses of a host by `getaddrinfo(3)`, which may ask the network and block. An empty host is any address of this one.
  package static func resolve(
    host: String, port: UInt16, toListen: Bool = false
  ) throws(ResolutionError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV | (toListen ? AI_PASSIVE : 0)
    var list: UnsafeMutablePointer<addrinfo>?
    guard !host.utf8.contains(0) else { throw ResolutionError(host: "", reason: "the name holds a NUL") }
    // SAFETY: a list that was allocated is freed below, after its addresses were copied.
    let code = unsafe getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &list)
    guard code == 0 else {
      throw ResolutionError(host: host, reason: unsafe String(cString: gai_strerror(code)))
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe entry.pointee.ai_addr {
        unsafe addresses.append(SocketAddress(copying: address, length: entry.pointee.ai_addrlen))
      }
      unsafe next = entry.pointee.ai_next
    }
    return addresses
  }

  /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
  package var family: CInt {
    bytes.count >= 2 ? CInt(UInt16(bytes[0]) | UInt16(bytes[1]) << 8) : AF_UNSPEC
  }

  /// The address without its port, 4 or 16 bytes; one of IPv4 that is mapped into IPv6 has 4. Nil for a path.
  package var host: [UInt8]? {
    switch family {
    case AF_INET where bytes.count >= 8: return Array(bytes[4..<8])
    case AF_INET6 where bytes.count >= 24:
      let host = Array(bytes[8..<24])
      return host.starts(with: SocketAddress.mappedPrefix) ? Array(host[12...]) : host
    default: return nil
    }
  }

  /// What stands before an IPv4 address in IPv6 (RFC 4291 section 2.5.5.2).
  private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

  /// The address without its port, as text: `127.0.0.1`, `[::1]`.
  package var hostText: String {
    let text = description
    return port == nil ? text : String(text[..<(text.lastIndex(of: ":") ?? text.endIndex)])
  }

  /// The port; nil for a path.
  package var port: UInt16? {
    guard family == AF_INET || family == AF_INET6, bytes.count >= 4 else { return nil }
    return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
  }

  /// The path of a socket in the file system; nil for any other address and for a socket without a name.
  package var unixPath: String? {
    guard family == AF_UNIX, bytes.count > 2, bytes[2] != 0 else { return nil }
    return String(decoding: bytes[2...].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// `127.0.0.1:80`, `[::1]:80`, `unix:/run/server.sock`.
  package var description: String {
    if family == AF_UNIX { return "unix:" + (unixPath ?? "") }
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    // SAFETY: the address outlives the call, which writes at most `host.count` bytes.
    let code = unsafe withAddress { address, length in
      unsafe getnameinfo(address, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
    }
    guard code == 0 else { return "unknown" }
    let text = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (family == AF_INET6 ? "[\(text)]" : text) + ":" + String(port ?? 0)
  }

  /// Lends the address to a system call.
  @unsafe func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var storage = sockaddr_storage()
    // SAFETY: no initializer makes more bytes than a `sockaddr_storage` holds, and it may be read as any `sockaddr`.
    return unsafe withUnsafeMutableBytes(of: &storage) { destination in
      unsafe destination.copyBytes(from: bytes)
      return unsafe destination.withMemoryRebound(to: sockaddr.self) { rebound in
        guard let base = rebound.baseAddress else { preconditionFailure("a sockaddr_storage has no address") }
        return unsafe body(base, socklen_t(bytes.count))
      }
    }
  }
}
