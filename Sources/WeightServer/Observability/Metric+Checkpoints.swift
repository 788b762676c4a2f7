import Loader

extension Metric {
  private static let states = ["loading", "ready", "stale", "failed"]

  /// The checkpoints of the catalog. Names come from the configuration or from who may change it, so they are few.
  static let checkpoints = [
    Metric("weight_server_manifests", .gauge, "Checkpoints, by state.") { snapshot in
      states.map { state in Sample(snapshot.manifests.count { $0.state.name == state }, [("state", state)]) }
    },
    Metric("weight_server_manifest_state", .gauge, "1 for the state that a checkpoint is in, 0 for the others.") {
      $0.manifests.flatMap { entry in
        states.map { Sample($0 == entry.state.name ? 1 : 0, [("model", entry.name), ("state", $0)]) }
      }
    },
    Metric("weight_server_manifest_info", .gauge, "Always 1; the labels say what a loaded checkpoint is.") {
      $0.manifests.compactMap { entry in
        entry.loaded.map {
          Sample(
            1,
            [
              ("model", entry.name), ("revision", $0.checkpoint.revision), ("type", $0.checkpoint.sourceType),
              ("family", $0.checkpoint.family.name),
            ])
        }
      }
    },
    Metric("weight_server_manifest_bytes", .gauge, "Bytes of a loaded checkpoint's tensors.") {
      $0.manifests.compactMap { entry in
        entry.loaded.map { Sample($0.checkpoint.byteCount, [("model", entry.name)]) }
      }
    },
    Metric(
      "weight_server_manifest_sent_bytes_total", .counter,
      "Bytes of partitions and tensors of a loaded checkpoint, as each ends."
    ) {
      $0.manifests.compactMap { entry in entry.loaded.map { Sample($0.sent.value, [("model", entry.name)]) } }
    },
  ]
}
