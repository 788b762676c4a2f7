import HTTPTypes
import Platform
import Transport

/// `/metrics` and `/stats`: what is counted, for machines and for people.
struct MonitorRoutes: RouteGroup {
  let monitor: Monitor

  func routes(at path: [String]) -> [Route] {
    switch path {
    case ["metrics"]: [.reading(metrics)]
    case ["stats"]: [.reading(stats)]
    default: []
    }
  }

  /// Prometheus' text format.
  func metrics(_ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
    let snapshot = monitor.snapshot(for: request.access)
    var text = MetricsText()
    for metric in Metric.all { text.write(metric, metric.samples(snapshot)) }
    var response = Response(body: .bytes(Array(text.text.utf8)))
    response.fields[.contentType] = MetricsText.contentType
    return response.answering(request)
  }

  /// Counters since the start, and what is being sent.
  func stats(_ request: Request) throws(StatusError) -> Response {
    try request.refuseQuery()
    return Response(json: StatsDescription(monitor.snapshot(for: request.access)).json).answering(request)
  }
}
