extension Metric {
  /// Partitions that are kept in files.
  static let partitions: [Metric] = [
    .single("weight_server_cache_bytes", .gauge, "Bytes that the cache's entries have, or will have.") {
      $0.cache.bytes
    },
    .single("weight_server_cache_budget_bytes", .gauge, "Bytes that the cache may hold.") { $0.cache.whole?.budget },
    .single("weight_server_cache_free_bytes", .gauge, "Bytes that are free on the cache's disk.") {
      $0.cache.whole?.freeBytes
    },
    Metric("weight_server_cache_entries", .gauge, "Partitions in the cache, by state.") {
      $0.cache.entries.map { Sample($0.count, [("state", $0.state.rawValue)]) }
    },
    .single("weight_server_cache_hits_total", .counter, "Requests of what was in the cache or being made.") {
      $0.cache.whole?.counters.hits
    },
    .single("weight_server_cache_misses_total", .counter, "Requests of what belongs into the cache and was not there.")
    {
      $0.cache.whole?.counters.misses
    },
    .single("weight_server_cache_executions_total", .counter, "Partitions that were begun to be made into the cache.") {
      $0.cache.whole?.counters.executions
    },
    .single("weight_server_cache_evictions_total", .counter, "Partitions that were removed to make room.") {
      $0.cache.whole?.counters.evictions
    },
    .single("weight_server_cache_errors_total", .counter, "Partitions that could not be made, written or verified.") {
      $0.cache.whole?.counters.errors
    },
    .single("weight_server_shared_memory_bytes", .gauge, "Bytes of partitions in memory that workers map.") {
      $0.cache.shared.bytes
    },
    .single("weight_server_shared_memory_budget_bytes", .gauge, "Bytes that such memory may have.") {
      $0.cache.shared.budget
    },
    .single("weight_server_shared_memory_handed_out_total", .counter, "Descriptors that were given away.") {
      $0.cache.shared.handedOut
    },
  ]
}
