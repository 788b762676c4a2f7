import HTTPTypes
import Loader
import Logging
import Platform
import Transport

/// Counts each request and logs it, when its answer was sent or given up.
struct AccessLog: Sendable {
  let logger: Logger
  var instruments = RequestInstruments()

  /// A request that is being answered.
  struct Exchange: Sendable {
    fileprivate let logger: Logger
    fileprivate let request: Request
    fileprivate let name: RouteName
    fileprivate let counts: RequestInstruments.Route
    fileprivate let start: ContinuousClock.Instant
    /// The trace that the request is part of, and our span in it.
    fileprivate let trace: (context: TraceContext, span: String)?

    /// Adds the request's name to the answer, and has it counted and logged when it was sent.
    func finish(_ response: Response) -> Response {
      let wait = ContinuousClock.now - start
      counts.wait.observe(wait)
      var response = response
      response.requestName = request.name
      if let trace { response.fields[.traceResponse] = trace.context.response(span: trace.span) }
      let before = response.onDelivery
      response.onDelivery = { delivery in
        before?(delivery)
        let duration = ContinuousClock.now - start
        counts.finished(request.head.method, delivery, duration: duration)
        log(delivery, wait: wait, duration: duration)
      }
      return response
    }

    private func log(_ delivery: Response.Delivery, wait: Duration, duration: Duration) {
      let isQuiet = name.isProbe && delivery.isComplete && (delivery.status?.code ?? 0) < 400
      let level = isQuiet ? Logger.Level.debug : .info
      guard logger.logLevel <= level else { return }
      var fields: Logger.Metadata = [
        "id": "\(request.id)", "remote": "\(request.remoteAddress)", "method": "\(request.head.method.rawValue)",
        "route": "\(name.label)", "target": "\(LoggedTarget.text(request.head.target))",
        "status": delivery.status.map { .stringConvertible($0.code) } ?? "-",
        "bytes": .stringConvertible(delivery.bytesSent), "complete": .stringConvertible(delivery.isComplete),
        "wait_seconds": .stringConvertible(wait.inFineSeconds), "seconds": .stringConvertible(duration.inFineSeconds),
      ]
      if let agent = request.head.fields[.userAgent] { fields["agent"] = "\(agent.escaped)" }
      if let trace {
        fields["trace_id"] = "\(trace.context.traceID)"
        fields["parent_span_id"] = "\(trace.context.parentID)"
        fields["span_id"] = "\(trace.span)"
      }
      logger.log(level: level, "request", metadata: fields)
    }
  }

  /// Begins to time a request, or says when it began.
  func begin(_ request: Request, at start: ContinuousClock.Instant = .now) -> Exchange {
    let name = RouteName(path: request.head.target.segments)
    let counts = instruments[name]
    counts.inFlight.count()
    let trace = request.head.fields[.traceParent].flatMap(TraceContext.init).map { ($0, TraceContext.makeSpanID()) }
    return Exchange(logger: logger, request: request, name: name, counts: counts, start: start, trace: trace)
  }
}
