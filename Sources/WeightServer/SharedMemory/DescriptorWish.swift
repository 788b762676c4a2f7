import HTTPTypes
import Transport

/// A client's wish for a descriptor in place of a body: `Accept-Descriptor: memfd`, named in `Connection`, so that it is this connection's
/// alone (RFC 9110, section 7.6.1): a proxy that forwards the request drops it, and the client gets an ordinary answer.
enum DescriptorWish {
  /// The kind of descriptor that there is.
  static let kind = "memfd"

  /// Whether a request is answered with a descriptor where there is one: `HEAD` alone, from the other end of a Unix-domain socket.
  static func isMade(by request: Request) -> Bool {
    guard request.peer.user != nil, request.head.method == .head,
      let kinds = request.head.fields[.acceptDescriptor], let options = request.head.fields[.connection]
    else { return false }
    return ASCII.list(kinds).contains { $0.elementsEqual(kind.utf8) }
      && ASCII.list(options).contains { ASCII.isEqual($0, ignoringCase: "accept-descriptor") }
  }
}
