@testable import Transport

/// A body in chunks, cut where the first byte says: what is taken out depends on the bytes alone.
struct ChunkedTarget: FuzzTarget {
  init() {}

  /// What a body holds, where it ends in its stream, and why it cannot be read on, if so.
  private struct Outcome: Equatable {
    var data: [UInt8] = []
    var end: Int?
    var error: StatusError?
  }

  func run(_ bytes: [UInt8]) {
    guard let step = bytes.first else { return }
    let stream = Array(bytes.dropFirst())
    let whole = decode(stream, step: max(stream.count, 1))
    promise(whole == decode(stream, step: Int(step % 7) + 1), "a body that reads otherwise when it is cut otherwise")
    promise(whole.data.count <= stream.count, "more than was sent")
    if let error = whole.error { promiseOneLine(error.message) }
    guard let end = whole.end else { return }
    promise(whole.error == nil && end <= stream.count, "an end behind the end")
    // The last that belongs to a body is an empty line.
    promise(stream[..<end].suffix(2) == [13, 10], "a body that ends within a line")
    let again = decode(encode(whole.data, step: Int(step) + 1), step: 3)
    promise(again.data == whole.data && again.end != nil, "a body that changes when it is written")
    // Nothing behind the end is looked at.
    promise(decode(Array(stream[..<end]), step: 1 << 20) == whole, "a body that depends on what follows it")
  }

  private func decode(_ stream: [UInt8], step: Int) -> Outcome {
    var outcome = Outcome()
    var decoder = ChunkedDecoder()
    do throws(StatusError) {
      for start in stride(from: 0, to: stream.count, by: step) {
        var rest = stream[start..<min(start + step, stream.count)]
        feeding: while true {
          switch try decoder.next(rest) {
          case .needMore:
            promise(decoder.remaining >= 0 && !decoder.isFinished, "a body that is over and is not")
            break feeding
          case .data(let range):
            let isFed = range.lowerBound >= rest.startIndex && range.upperBound <= rest.endIndex
            promise(!range.isEmpty && isFed, "bytes that were not fed")
            outcome.data += rest[range]
            rest = rest[range.upperBound...]
          case .end(let index):
            promise(decoder.isFinished, "an end that is none")
            outcome.end = index
            return outcome
          }
        }
      }
    } catch {
      outcome.error = error
    }
    return outcome
  }

  private func encode(_ data: [UInt8], step: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: data.count, by: step) {
      let part = data[start..<min(start + step, data.count)]
      bytes += Array("\(String(part.count, radix: 16, uppercase: true));a=\"b\"\r\n".utf8) + part + [13, 10]
    }
    return bytes + Array("0\r\nT: x\r\n\r\n".utf8)
  }
}
