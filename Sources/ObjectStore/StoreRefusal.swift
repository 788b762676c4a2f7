/// What a store says of why it refuses: `<Error><Code>…</Code><Message>…</Message></Error>`.
struct StoreRefusal {
  /// The error's name, such as `NoSuchKey`.
  private(set) var code: String?
  /// The sentence beside it.
  private(set) var message: String?

  /// Reads a body; what is not such a text has neither.
  init(_ body: [UInt8]) {
    var reader = XMLReader(body)
    var path: [String] = []
    while path.count < 8, let event = try? reader.next() {
      switch event {
      case .start(let name): path.append(name)
      case .end: _ = path.popLast()
      case .text(let text):
        if path == ["Error", "Code"] { code = text }
        if path == ["Error", "Message"] { message = text }
      }
    }
  }
}
