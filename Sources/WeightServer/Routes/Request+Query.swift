import Loader
import Transport

extension Request {
  /// Refuses a query on a path that has no parameters: one that is ignored would mislead.
  func refuseQuery() throws(StatusError) {
    guard head.target.query != nil else { return }
    if let item = try head.target.queryItems().items.first {
      throw StatusError(.invalidArgument, "unknown parameter \(item.name.escaped): \(head.target.path) has none")
    }
  }
}
