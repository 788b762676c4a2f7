import Platform
import Transport

/// The JSON of `/stats`.
struct StatsDescription {
  private let snapshot: MonitorSnapshot

  /// Describes what is known at a moment.
  init(_ snapshot: MonitorSnapshot) {
    self.snapshot = snapshot
  }

  /// The JSON text.
  var json: JSONWriter {
    var json = JSONWriter()
    json.object { json in
      json.member("version", Version.current)
      json.member("uptime_seconds", snapshot.seconds)
      if let server = snapshot.server { write(server, to: &json) }
      json.key("cache")
      json.object { write(snapshot.cache, to: &$0) }
      json.key("shared_memory")
      json.object {
        $0.member("budget_bytes", snapshot.cache.shared.budget)
        $0.member("bytes", snapshot.cache.shared.bytes)
        $0.member("partitions", snapshot.cache.shared.partitions)
        $0.member("handed_out", snapshot.cache.shared.handedOut)
      }
      json.member("transfer_count", snapshot.transfers.count)
      json.key("transfers")
      json.array { json in for transfer in snapshot.transfers.oldest { json.object { write(transfer, to: &$0) } } }
      json.key("workers")
      json.object { json in
        for (name, load) in snapshot.pools {
          json.key(name)
          json.object {
            $0.member("limit", load.limit)
            $0.member("busy", load.busy)
            $0.member("waiting", load.waiting)
          }
        }
      }
      json.key("process")
      json.object {
        $0.member("cpu_seconds", snapshot.process.processorSeconds)
        $0.member("resident_bytes", snapshot.process.residentBytes)
        $0.member("open_descriptors", snapshot.process.openDescriptors)
        $0.member("descriptor_limit", snapshot.process.descriptorLimit)
      }
    }
    return json
  }

  private func write(_ statistics: ServerStatistics, to json: inout JSONWriter) {
    json.key("connections")
    json.object {
      $0.member("open", statistics.connectionsOpen)
      $0.member("accepted", statistics.connectionsAccepted)
      $0.member("refused", statistics.connectionsRefused)
      $0.member("accept_pauses", statistics.acceptPauses)
    }
    json.key("requests")
    json.object {
      $0.member("begun", statistics.requests)
      $0.member("refused", statistics.requestsRefused)
    }
    json.key("responses")
    json.object {
      $0.member("sent", statistics.responsesSent)
      $0.member("cut", statistics.responsesCut)
    }
    json.member("bytes_sent", statistics.bytesSent)
    json.member("bytes_in_flight", statistics.bytesInFlight)
    json.key("tls")
    json.object {
      $0.member("handshakes", statistics.handshakes)
      $0.member("handshakes_resumed", statistics.handshakesResumed)
      $0.member("handshakes_failed", statistics.handshakesFailed)
    }
    json.key("limits_reached")
    json.object {
      for limit in Limit.allCases { $0.member(limit.rawValue, statistics.limitsReached[limit] ?? 0) }
    }
  }

  private func write(_ cache: CacheStatistics, to json: inout JSONWriter) {
    json.member("mode", cache.mode.rawValue)
    json.member("bytes", cache.bytes)
    json.member("entries", cache.entries.reduce(0) { $0 + $1.count })
    guard let whole = cache.whole else { return }
    json.member("folder", whole.folder)
    json.member("budget_bytes", whole.budget)
    json.member("free_bytes", whole.freeBytes)
    json.member("hits", whole.counters.hits)
    json.member("misses", whole.counters.misses)
    json.member("executions", whole.counters.executions)
    json.member("evictions", whole.counters.evictions)
    json.member("errors", whole.counters.errors)
  }

  private func write(_ transfer: Transfers.Transfer, to json: inout JSONWriter) {
    json.member("id", transfer.id)
    json.member("remote", transfer.remote)
    json.member("model", transfer.model)
    json.member("rank", transfer.rank)
    json.member("mp", transfer.mp)
    json.member("parameters", transfer.parameters)
    json.member("bytes", transfer.bytes)
    // The head is counted too, and is no part of the body.
    json.member("bytes_sent", min(transfer.meter.bytes, transfer.bytes))
    json.member("seconds", (ContinuousClock.now - transfer.start).inSeconds)
  }
}
