import HTTPTypes

extension HTTPFields {
  /// Fields of names that are tokens, in order.
  init(named fields: [(name: String, value: String)]) {
    self.init()
    for (name, value) in fields {
      if let name = HTTPField.Name(name) { append(HTTPField(name: name, value: value)) }
    }
  }
}
