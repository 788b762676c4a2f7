import Testing

/// A response as it came off the wire.
struct Answer: CustomStringConvertible {
  let status: Int
  let fields: [(name: String, value: String)]
  let body: [UInt8]
  /// Connections that had to be made for it.
  var connects = 0
  /// Statuses of responses before the final one, as 100.
  var interim: [Int] = []

  /// The value of a field that stands once; nil where it is absent or repeated.
  subscript(_ name: String) -> String? {
    let values = fields.filter { $0.name.lowercased() == name.lowercased() }
    return values.count == 1 ? values[0].value : nil
  }

  /// The body as JSON.
  func json() throws -> JSON { try JSON(body) }

  /// The body as a partition.
  func partition() throws -> SafetensorsFile { try SafetensorsFile(body) }

  /// The revision that it is of.
  func revision() throws -> String { try #require(self["X-Manifest-Revision"]) }

  /// The body as text.
  var text: String { String(decoding: body, as: UTF8.self) }

  /// Enough to see in a failure what came.
  var description: String {
    let start = String(decoding: body.prefix(300).map { (0x20..<0x7F).contains($0) ? $0 : 0x2E }, as: UTF8.self)
    return "\(status), \(body.count) bytes: \(start)"
  }

  /// Whether it is an error in the Connect protocol's shape, with a status, a code and words that its message has to have.
  func isError(_ status: Int, _ code: String, _ words: String...) -> Bool {
    guard self.status == status, self["Content-Type"]?.hasPrefix("application/json") == true,
      let json = try? json(), json["code"]?.text == code, let message = json["message"]?.text,
      !message.contains("\n")
    else { return false }
    return words.allSatisfy(message.contains)
  }

  /// Takes the lines of a head apart.
  static func parseHead(_ head: [UInt8]) throws -> (status: Int, fields: [(name: String, value: String)]) {
    let text = String(decoding: head, as: UTF8.self)
    var lines = text.split(separator: "\r\n", omittingEmptySubsequences: true)
    let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    lines.removeFirst()
    let fields = try lines.map { line in
      let colon = try #require(line.firstIndex(of: ":"), "a field without a colon: \(line)")
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      return (name: String(line[..<colon]), value: String(value))
    }
    return (status, fields)
  }
}
