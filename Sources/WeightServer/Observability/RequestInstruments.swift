import HTTPTypes
import Transport

/// Counts requests by route, method and status: the labels are bounded by the program, not by what clients send.
final class RequestInstruments: Sendable {
  /// The methods that are told apart; the last stands for all others.
  static let methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "other"]
  /// The statuses that are told apart; 0, the last, stands for an answer of which nothing left.
  static let statuses = [
    200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 416, 429, 431, 499, 500,
    501, 503, 504, 0,
  ]
  private static let statusIndex = Dictionary(uniqueKeysWithValues: statuses.enumerated().map { ($1, $0) })

  private let routes: [Route]

  init() {
    routes = RouteName.allCases.map { _ in Route() }
  }

  /// Counts of one route.
  final class Route: Sendable {
    /// Requests that are being answered.
    let inFlight = Counter()
    /// Bytes of heads and bodies.
    let bytes = Counter()
    /// Answers that were cut.
    let cut = Counter()
    /// From the request's end to the answer's.
    let duration = Histogram(bounds: Histogram.transferBounds)
    /// From the request's end to the answer's beginning.
    let wait = Histogram(bounds: Histogram.waitBounds)
    fileprivate let answers = (0..<methods.count * statuses.count).map { _ in Counter() }

    /// Counts an answer that was sent or given up.
    func finished(_ method: HTTPRequest.Method, _ delivery: Response.Delivery, duration: Duration) {
      inFlight.count(-1)
      bytes.count(delivery.bytesSent)
      if !delivery.isComplete { cut.count() }
      self.duration.observe(duration)
      let row = methods.firstIndex(of: method.rawValue) ?? methods.count - 1
      // A status that is not in the list is one of an error that nobody thought of.
      let status = delivery.status.map { statusIndex[$0.code] ?? statusIndex[500] ?? 0 } ?? statuses.count - 1
      answers[row * statuses.count + status].count()
    }
  }

  /// The counts of a route.
  subscript(name: RouteName) -> Route {
    routes[name.rawValue]
  }

  /// Requests of one route, method and status.
  struct Answered: Hashable, Sendable {
    let route: RouteName
    let method: String
    let status: Int
    let count: Int
  }

  /// All that were answered, in a fixed order, without those that there were none of.
  var answered: [Answered] {
    RouteName.allCases.flatMap { name in
      let answers = self[name].answers
      return answers.indices.compactMap { index -> Answered? in
        let count = answers[index].value
        guard count > 0 else { return nil }
        let (row, column) = index.quotientAndRemainder(dividingBy: RequestInstruments.statuses.count)
        return Answered(
          route: name, method: RequestInstruments.methods[row], status: RequestInstruments.statuses[column],
          count: count)
      }
    }
  }

  /// The routes that were asked for at least once, in a fixed order.
  var used: [(name: RouteName, route: Route)] {
    RouteName.allCases.map { ($0, self[$0]) }.filter { $0.1.duration.snapshot.count > 0 || $0.1.inFlight.value > 0 }
  }
}
