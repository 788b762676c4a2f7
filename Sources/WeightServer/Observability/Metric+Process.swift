import Platform
import Transport

extension Metric {
  /// The pools of workers.
  static let work = [
    Metric("weight_server_workers", .gauge, "Pieces of work that a pool may run at a time.") {
      $0.pools.map { Sample($0.load.limit, [("pool", $0.name)]) }
    },
    Metric("weight_server_workers_busy", .gauge, "Pieces of work that are running.") {
      $0.pools.map { Sample($0.load.busy, [("pool", $0.name)]) }
    },
    Metric("weight_server_work_waiting", .gauge, "Pieces of work that wait for a place.") {
      $0.pools.map { Sample($0.load.waiting, [("pool", $0.name)]) }
    },
  ]

  /// The process, by the names that Prometheus' client libraries use.
  static let process: [Metric] = [
    Metric("process_cpu_seconds_total", .counter, "Processor time, in user and kernel mode.") {
      [Sample($0.process.processorSeconds)]
    },
    .single("process_resident_memory_bytes", .gauge, "Memory that is resident.") { $0.process.residentBytes },
    .single("process_virtual_memory_bytes", .gauge, "Address space.") { $0.process.virtualBytes },
    .single("process_open_fds", .gauge, "Descriptors that are open.") { $0.process.openDescriptors },
    .single("process_max_fds", .gauge, "Descriptors that may be open.") { $0.process.descriptorLimit },
    Metric("process_start_time_seconds", .gauge, "When the daemon began, in seconds since 1970.") {
      [Sample($0.startSeconds)]
    },
  ]
}
