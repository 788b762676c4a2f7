import Loader
import Transport

/// A request's target as logs have it: of parameters that no path has only the names stand, since who mistakes a query for the place of a
/// token must not find it in a log.
enum LoggedTarget {
  private static let known = Set(PartitionParameters.parameterNames + ["model", "revision", "name", "wait"])

  /// The target, escaped.
  static func text(_ target: RequestTarget) -> String {
    guard let query = target.query, let start = target.raw.firstIndex(of: "?") else { return target.raw.escaped }
    let items = query.split(separator: "&", omittingEmptySubsequences: false).map { item in
      // Nothing hides in nothing: `/?` is logged as it was asked for.
      if item.isEmpty { return item }
      guard let equals = item.firstIndex(of: "=") else { return known.contains(String(item)) ? item : "…" }
      return known.contains(String(item[..<equals])) ? item : "\(item[...equals])…"
    }
    return String(target.raw[...start]).escaped + items.joined(separator: "&").escaped
  }
}
