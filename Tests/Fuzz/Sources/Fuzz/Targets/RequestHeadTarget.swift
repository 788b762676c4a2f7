import HTTPTypes

@testable import Transport

/// A stream of requests, cut where the first byte says: what is read depends on the bytes alone, and reads the same when it is
/// written again.
struct RequestHeadTarget: FuzzTarget {
  init() {}

  /// What a stream holds: heads with their bodies, and why it cannot be read on, if so.
  private struct Messages: Equatable {
    var heads: [RequestHead] = []
    var bodies: [[UInt8]] = []
    var error: StatusError?
  }

  func run(_ bytes: [UInt8]) {
    guard let step = bytes.first else { return }
    let stream = Array(bytes.dropFirst())
    let whole = read(stream, step: max(stream.count, 1))
    promise(whole == read(stream, step: Int(step % 7) + 1), "a stream that reads otherwise when it is cut otherwise")
    if let error = whole.error {
      promiseOneLine(error.message)
      promise((400..<600).contains(error.status.code), "an error that is none")
    }
    for (head, body) in zip(whole.heads, whole.bodies) {
      check(head, body)
      let again = read(text(head, body), step: 1 << 20)
      promise(
        again == Messages(heads: [head], bodies: [body]), "a request that changes when it is written")
    }
  }

  /// Reads a stream as a connection does, in pieces.
  private func read(_ stream: [UInt8], step: Int) -> Messages {
    var messages = Messages()
    var parser = RequestHeadParser()
    var reader: RequestBodyReader?
    do throws(StatusError) {
      for start in stride(from: 0, to: stream.count, by: step) {
        var rest = stream[start..<min(start + step, stream.count)]
        while !rest.isEmpty {
          if var body = reader {
            let progress = try body.feed(rest)
            reader = body
            guard case .whole(let end) = progress else { break }
            messages.bodies.append(body.body)
            reader = nil
            rest = rest[end...]
            continue
          }
          guard case .head(let head, let consumed) = try parser.feed(rest) else { break }
          promise(consumed > 0 && consumed <= rest.count, "a head of bytes that were not fed")
          rest = rest[(rest.startIndex + consumed)...]
          messages.heads.append(head)
          if head.framing == .none {
            messages.bodies.append([])
          } else {
            reader = try RequestBodyReader(head: head, limit: 1 << 20)
          }
        }
      }
    } catch {
      messages.error = error
    }
    return messages
  }

  /// What is promised of a head that was let through.
  private func check(_ head: RequestHead, _ body: [UInt8]) {
    let lengths = head.fields[values: .contentLength]
    let codings = head.fields[values: .transferEncoding]
    promise(lengths.count + codings.count <= 1, "a body whose end two fields say")
    promise(head.fields[values: .hostName].count == 1 || head.version == .http10, "hosts in a number other than one")
    switch head.framing {
    case .none:
      let isSaid = !codings.isEmpty || lengths.contains { Int($0) != 0 }
      promise(body.isEmpty && !isSaid, "a body that is passed over")
    case .length(let length):
      promise(body.count == length && lengths.first.flatMap { Int($0) } == length, "a body of another length")
    case .chunked: promise(codings.count == 1, "chunks that nothing says")
    case .untilClose: promise(false, "a request until the end of the stream")
    }
    for field in head.fields {
      promise(!field.value.utf8.contains { $0 < 0x20 && $0 != 9 || $0 == 0x7F }, "a control character in a value")
    }
    for segment in head.target.segments {
      promise(segment != "." && segment != ".." && !segment.utf8.contains(0), "a path that leads up")
    }
    _ = try? head.target.queryItems()
  }

  /// The request as its client might have sent it.
  private func text(_ head: RequestHead, _ body: [UInt8]) -> [UInt8] {
    let version = head.version == .http10 ? "HTTP/1.0" : "HTTP/1.1"
    var bytes = Array("\(head.method.rawValue) \(head.target.raw) \(version)\r\n".utf8)
    for field in head.fields {
      bytes += Array("\(field.name.rawName): ".utf8) + field.withUnsafeBytesOfValue { Array($0) } + [13, 10]
    }
    bytes += [13, 10]
    guard head.framing == .chunked else { return bytes + body }
    for start in stride(from: 0, to: body.count, by: 5) {
      let part = body[start..<min(start + 5, body.count)]
      bytes += Array(String(part.count, radix: 16).utf8) + [13, 10] + part + [13, 10]
    }
    return bytes + Array("0\r\n\r\n".utf8)
  }
}
