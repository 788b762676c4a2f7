import HTTPTypes
import Loader
import Logging
import Platform
import Transport

/// Logs each request when its answer was sent or given up.
struct AccessLog: Sendable {
  let logger: Logger

  /// A request that is being answered.
  struct Exchange: Sendable {
    fileprivate let logger: Logger
    fileprivate let request: Request
    fileprivate let start: ContinuousClock.Instant

    /// Adds the request's name to the answer, and logs it when it was sent.
    func finish(_ response: Response) -> Response {
      var response = response
      response.requestName = request.name
      // What is not logged costs nothing.
      guard logger.logLevel <= .info else { return response }
      let before = response.onDelivery
      response.onDelivery = { delivery in
        before?(delivery)
        log(delivery)
      }
      return response
    }

    private func log(_ delivery: Response.Delivery) {
      logger.info(
        "request",
        metadata: [
          "id": "\(request.id)", "remote": "\(request.remoteAddress)", "method": "\(request.head.method.rawValue)",
          "target": "\(request.head.target.raw.escaped)", "status": "\(delivery.status.map { String($0.code) } ?? "-")",
          "bytes": "\(delivery.bytesSent)", "complete": "\(delivery.isComplete)",
          "seconds": "\((ContinuousClock.now - start).inSeconds)",
        ])
    }
  }

  /// Begins to time a request.
  func begin(_ request: Request) -> Exchange {
    Exchange(logger: logger, request: request, start: .now)
  }
}
