/// A whole request as a handler gets it.
package struct Request: Sendable {
  /// The checked head.
  package let head: RequestHead
  /// The body, unchunked, within the connection's limit.
  package let body: [UInt8]
  /// When the client stops waiting for the first byte of an answer; nil where it did not say.
  package let deadline: ContinuousClock.Instant?
  /// Who asks: `127.0.0.1:50312`, `[::1]:50312`, or `unix:` for a Unix socket.
  package let remoteAddress: String
  /// What the connection tells of who asks.
  package let peer: Peer
  /// What the client's connections have in hand together.
  package let load: ClientLoad
  /// What the client may, as the server has decided; nothing until then.
  package var access = Access.nothing
  /// A name for this request that no other of this process has.
  package let name: RequestName
  /// The same as a text.
  package var id: String { name.description }
  /// Whether the connection was lost meanwhile, so that work for it is in vain.
  package let cancellation: CancellationFlag

  /// Puts a request together.
  package init(
    head: RequestHead, body: [UInt8] = [], deadline: ContinuousClock.Instant? = nil, remoteAddress: String = "",
    peer: Peer = Peer(), load: ClientLoad = ClientLoad(), name: RequestName = RequestName(connection: "", number: 0),
    cancellation: CancellationFlag = CancellationFlag()
  ) {
    self.head = head
    self.body = body
    self.deadline = deadline
    self.remoteAddress = remoteAddress
    self.peer = peer
    self.load = load
    self.name = name
    self.cancellation = cancellation
  }
}
