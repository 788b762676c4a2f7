import CCurl
import Testing

/// A socket to write anything to, for requests that no honest client sends.
final class RawConnection {
  private let descriptor: Int32
  private var received: [UInt8] = []

  /// Seconds after which a send or a receive fails.
  private static let patience: Int32 = 120

  /// - Parameter receiveBuffer: bytes that the system may hold for this end, so that a server soon has to wait; 0 for its default.
  init(port: UInt16, receiveBuffer: Int32 = 0) throws {
    descriptor = ccurl_connect_port(port, RawConnection.patience, receiveBuffer)
    guard descriptor >= 0 else { throw UnexpectedEnd("nothing listens on port \(port)") }
  }

  deinit {
    _ = ccurl_close(descriptor)
  }

  /// Sends a text as it is.
  func send(_ text: String) throws { try send([UInt8](text.utf8)) }

  /// Sends bytes.
  func send(_ bytes: [UInt8]) throws {
    // SAFETY: the array's own address and count.
    let error = unsafe ccurl_send(descriptor, bytes, bytes.count)
    guard error == 0 else { throw UnexpectedEnd("sending failed: errno \(error)") }
  }

  /// Says that nothing more will be sent.
  func finishSending() { _ = ccurl_shutdown_writing(descriptor) }

  /// Receives some bytes; none at the end of the stream.
  private func receive() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    // SAFETY: the array's own address and count.
    let count = unsafe ccurl_receive(descriptor, &bytes, bytes.count)
    guard count >= 0 else { throw UnexpectedEnd("nothing came in time, or the connection was reset") }
    return Array(bytes.prefix(count))
  }

  /// Reads the next response's head, and leaves its body.
  func head() throws -> Answer {
    while true {
      if let end = endOfHead() {
        let (status, fields) = try Answer.parseHead(Array(received[..<end]))
        received.removeFirst(end)
        return Answer(status: status, fields: fields, body: [])
      }
      let bytes = try receive()
      guard !bytes.isEmpty else {
        throw UnexpectedEnd("the stream ended inside a head: \(String(decoding: received, as: UTF8.self))")
      }
      received += bytes
    }
  }

  /// Reads a whole response, interim ones before it apart.
  /// - Parameter bodiless: whether the request was a HEAD.
  func answer(bodiless: Bool = false) throws -> Answer {
    var interim: [Int] = []
    var head = try head()
    while head.status < 200 {
      interim.append(head.status)
      head = try self.head()
    }
    let length = bodiless || head.status == 304 ? 0 : try #require(head["Content-Length"].flatMap { Int($0) })
    return Answer(
      status: head.status, fields: head.fields, body: try body(length), interim: interim)
  }

  /// Reads so many bytes of a body.
  func body(_ count: Int) throws -> [UInt8] {
    received.reserveCapacity(count)
    while received.count < count {
      let bytes = try receive()
      guard !bytes.isEmpty else { throw UnexpectedEnd("the stream ended after \(received.count) of \(count) bytes") }
      received += bytes
    }
    let body = Array(received.prefix(count))
    received.removeFirst(count)
    return body
  }

  /// Reads a body whose bytes nobody looks at, so that it costs next to nothing; how many came before the end of the stream.
  func skipBody(_ count: Int) throws -> Int {
    let buffered = min(received.count, count)
    received.removeFirst(buffered)
    let skipped = ccurl_skip(descriptor, count - buffered)
    guard skipped >= 0 else { throw UnexpectedEnd("nothing came in time, or the connection was reset") }
    return buffered + skipped
  }

  /// Reads what comes until the other end closes the connection, or resets it.
  func rest() -> [UInt8] {
    while let bytes = try? receive(), !bytes.isEmpty { received += bytes }
    defer { received = [] }
    return received
  }

  /// Whether the other end has closed and nothing is left to read.
  func isAtEnd() throws -> Bool {
    guard received.isEmpty else { return false }
    received = try receive()
    return received.isEmpty
  }

  private func endOfHead() -> Int? {
    received.indices.first { $0 >= 3 && received[$0 - 3...$0].elementsEqual([13, 10, 13, 10]) }.map { $0 + 1 }
  }
}
