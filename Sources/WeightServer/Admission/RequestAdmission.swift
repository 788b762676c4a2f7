import Synchronization
import Transport

/// How many requests are being answered, in all and of each client: from when they are read until their answers were sent.
final class RequestAdmission: Sendable {
  private let limit: Int
  private let clientLimit: Int
  private let meter: LimitMeter
  private let requests = Atomic(0)

  /// - Parameters:
  ///   - limit: requests at a time.
  ///   - clientLimit: of those, requests of one address or user.
  init(limit: Int, clientLimit: Int, meter: LimitMeter) {
    self.limit = limit
    self.clientLimit = clientLimit
    self.meter = meter
  }

  /// Requests that are being answered.
  var inFlight: Int { requests.load(ordering: .relaxed) }

  /// A request that is counted; `end` is called once.
  struct Ticket: Sendable {
    fileprivate let admission: RequestAdmission
    fileprivate let load: ClientLoad

    /// Its answer was sent or given up.
    func end() {
      admission.requests.wrappingSubtract(1, ordering: .relaxed)
      load.requests.wrappingSubtract(1, ordering: .relaxed)
    }
  }

  /// Counts a request, if there is room for it. What is open to everyone is answered whatever the load: it is how that is watched.
  /// - Throws: `resource_exhausted`.
  func begin(_ request: Request, _ scope: Route.Scope) throws(StatusError) -> Ticket? {
    if scope == .open { return nil }
    let ticket = Ticket(admission: self, load: request.load)
    let all = requests.wrappingAdd(1, ordering: .relaxed).newValue
    let own = request.load.requests.wrappingAdd(1, ordering: .relaxed).newValue
    if all <= limit, own <= clientLimit { return ticket }
    ticket.end()
    let error =
      all > limit
      ? StatusError(
        .resourceExhausted, "there are \(limit) requests in flight already: try again later", limit: .requests)
      : StatusError(
        .resourceExhausted, "there are \(clientLimit) requests of this client in flight already: try again later",
        limit: .requestsPerAddress)
    meter.refused(error, request.remoteAddress)
    throw error
  }
}
