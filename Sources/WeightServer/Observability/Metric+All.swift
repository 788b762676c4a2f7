import Transport

extension Metric {
  /// Every metric there is, in the order of the page. `docs/operations.md` explains them; alerts and the dashboard in `deploy` use no
  /// others.
  static let all: [Metric] = build + requestMetrics + connections + checkpoints + partitions + work + process

  private static let build = [
    Metric("weight_server_build_info", .gauge, "Always 1; the label is the version of the program.") { _ in
      [Sample(1, [("version", Version.current)])]
    },
    .single("weight_server_ready", .gauge, "Whether /readyz answers 200: 1, else 0.") { $0.isReady ? 1 : 0 },
  ]

  private static let requestMetrics = [
    Metric(
      "weight_server_requests_total", .counter,
      "Requests whose answer was sent or given up, by HTTP status; 0 where nothing left."
    ) {
      $0.requests.answered.map { answered in
        Sample(
          answered.count,
          [("route", answered.route.label), ("method", answered.method), ("code", String(answered.status))])
      }
    },
    byRoute("weight_server_requests_in_flight", .gauge, "Requests that are being answered.", \.inFlight),
    byRoute("weight_server_response_bytes_total", .counter, "Bytes of answers that ended, heads included.", \.bytes),
    byRoute(
      "weight_server_responses_cut_total", .counter,
      "Answers that ended before they were whole, by the client or by us.", \.cut),
    Metric("weight_server_response_duration_seconds", .histogram, "From the end of a request to the end of its answer.")
    {
      $0.requests.used.flatMap { [Sample]($0.route.duration.snapshot, [("route", $0.name.label)]) }
    },
    Metric("weight_server_response_wait_seconds", .histogram, "From the end of a request until its answer began.") {
      $0.requests.used.flatMap { [Sample]($0.route.wait.snapshot, [("route", $0.name.label)]) }
    },
    .single("weight_server_transfers", .gauge, "Partitions and tensors that are being sent.") { $0.transfers.count },
  ]

  private static func byRoute(
    _ name: String, _ kind: Kind, _ help: String,
    _ counter: @escaping @Sendable (RequestInstruments.Route) -> Counter
  ) -> Metric {
    Metric(name, kind, help) {
      $0.requests.used.map { Sample(counter($0.route).value, [("route", $0.name.label)]) }
    }
  }

  private static let connections: [Metric] = [
    .single("weight_server_connections", .gauge, "Connections that are open.") { $0.server?.connectionsOpen },
    .single("weight_server_connections_accepted_total", .counter, "Connections that were accepted, refused ones too.") {
      $0.server?.connectionsAccepted
    },
    .single("weight_server_connections_refused_total", .counter, "Connections that were refused: there were too many.")
    {
      $0.server?.connectionsRefused
    },
    .single(
      "weight_server_accept_pauses_total", .counter, "Times that accepting paused for want of descriptors or memory."
    ) {
      $0.server?.acceptPauses
    },
    .single("weight_server_requests_unreadable_total", .counter, "Requests that could not be read or came too slowly.")
    {
      $0.server?.requestsRefused
    },
    .single("weight_server_sent_bytes_total", .counter, "Bytes that were handed to the kernel, as they are sent.") {
      $0.server?.bytesSent
    },
    .single("weight_server_in_flight_bytes", .gauge, "Bytes of bodies that are held to be sent or were received.") {
      $0.server?.bytesInFlight
    },
    .single("weight_server_tls_handshakes_total", .counter, "TLS handshakes that were done.") { $0.server?.handshakes },
    .single("weight_server_tls_handshakes_resumed_total", .counter, "TLS handshakes that resumed a session.") {
      $0.server?.handshakesResumed
    },
    .single("weight_server_tls_handshakes_failed_total", .counter, "TLS handshakes that failed or took too long.") {
      $0.server?.handshakesFailed
    },
    Metric("weight_server_limits_reached_total", .counter, "Times that a limit was reached, by the limit.") { snapshot in
      guard let server = snapshot.server else { return [] }
      return Limit.allCases.map { Sample(server.limitsReached[$0] ?? 0, [("limit", $0.rawValue)]) }
    },
  ]
}
