import Foundation
import HTTPTypes
import Platform
import Transport

/// Reads streams of requests from standard input, each behind its length in 4 bytes, big end first, and says of each on a line of standard
/// output what our parser makes of it: for comparing it with other parsers.
@main enum HTTPHeads {
  static func main() {
    let input = [UInt8](FileHandle.standardInput.readDataToEndOfFile())
    var rest = input[...]
    while rest.count >= 4 {
      let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      print(String(decoding: HTTPHeads.describe(rest.prefix(count)), as: UTF8.self))
      rest = rest.dropFirst(count)
    }
  }

  private static func describe(_ stream: ArraySlice<UInt8>) -> [UInt8] {
    var json = JSONWriter()
    json.object { json in
      var refusal: StatusError?
      json.key("messages")
      json.array { json in
        do throws(StatusError) {
          try read(stream, to: &json)
        } catch {
          refusal = error
        }
      }
      json.member("refusal", refusal?.message)
    }
    return json.bytes
  }

  /// Writes every whole request of a stream.
  private static func read(_ stream: ArraySlice<UInt8>, to json: inout JSONWriter) throws(StatusError) {
    var rest = stream
    while !rest.isEmpty {
      var parser = RequestHeadParser()
      guard case .head(let head, let consumed) = try parser.feed(rest) else { return }
      rest = rest.dropFirst(consumed)
      var body: [UInt8] = []
      switch head.framing {
      case .none, .untilClose: break
      case .length(let length):
        guard rest.count >= length else { return }
        body = Array(rest.prefix(length))
        rest = rest.dropFirst(length)
      case .chunked:
        guard let end = try unchunk(rest, into: &body) else { return }
        rest = rest[end...]
      }
      json.object { describe(head, body, to: &$0) }
    }
  }

  /// Takes a body out of its chunks. Returns where it ends; nil where it goes on.
  private static func unchunk(_ bytes: ArraySlice<UInt8>, into body: inout [UInt8]) throws(StatusError) -> Int? {
    var decoder = ChunkedDecoder()
    var rest = bytes
    while true {
      switch try decoder.next(rest) {
      case .needMore: return nil
      case .end(let index): return index
      case .data(let range):
        body += rest[range]
        rest = rest[range.upperBound...]
      }
    }
  }

  private static func describe(_ head: RequestHead, _ body: [UInt8], to json: inout JSONWriter) {
    json.member("method", head.method.rawValue)
    json.member("target", head.target.raw)
    json.member("version", head.version == .http10 ? "1.0" : "1.1")
    json.key("fields")
    json.array { json in
      for field in head.fields {
        // SAFETY: the bytes are copied while the closure has them.
        let value = unsafe field.withUnsafeBytesOfValue { unsafe Array($0) }
        json.array([field.name.canonicalName, value.hexadecimal])
      }
    }
    json.member("body", body.hexadecimal)
  }
}
