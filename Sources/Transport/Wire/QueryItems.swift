/// The names and values of a query, in order, decoded as forms are (`+` is a space).
package struct QueryItems: Hashable, Sendable {
  /// One `name=value`.
  package struct Item: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// All items, repeated ones too.
  package var items: [Item]

  /// Items in the given order.
  package init(_ items: [Item] = []) {
    self.items = items
  }

  /// Decodes a raw query, without its question mark. A name without `=` has an empty value; empty items are passed over.
  /// - Throws: `invalid_argument` for a malformed `%XX`, a text that is not UTF-8, or a control character.
  package init(parsing query: String) throws(StatusError) {
    items = []
    for item in query.utf8.split(separator: 0x26) {
      let name: Substring.UTF8View
      let value: Substring.UTF8View
      if let equals = item.firstIndex(of: 0x3D) {
        name = item[..<equals]
        value = item[item.index(after: equals)...]
      } else {
        name = item
        value = item[item.endIndex...]
      }
      items.append(Item(name: try QueryItems.decode(name), value: try QueryItems.decode(value)))
    }
  }

  private static func decode(_ bytes: Substring.UTF8View) throws(StatusError) -> String {
    guard let text = PercentEncoding.decode(bytes, plusAsSpace: true) else {
      throw StatusError(
        .invalidArgument, "query text '\(bytes.printable)' is malformed: '%' needs two hexadecimal digits, and UTF-8")
    }
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw StatusError(
        .invalidArgument, "query text '\(bytes.printable)' holds a control character: it must hold none")
    }
    return text
  }

  /// All values of a name, in order.
  package func values(of name: String) -> [String] {
    items.filter { $0.name == name }.map(\.value)
  }

  /// The value of a name that may stand at most once.
  /// - Throws: `invalid_argument` where it stands more often.
  package func value(of name: String) throws(StatusError) -> String? {
    let values = values(of: name)
    if values.count > 1 {
      throw StatusError(.invalidArgument, "parameter '\(name)' is given \(values.count) times: give it once")
    }
    return values.first
  }

  /// The query as it stands in a target: every byte that is not unreserved is percent-encoded, but `,` `:` `/` `*`.
  package var encoded: String {
    items.map {
      PercentEncoding.encode($0.name) + "=" + PercentEncoding.encode($0.value, leaving: ",:/*")
    }.joined(separator: "&")
  }
}
