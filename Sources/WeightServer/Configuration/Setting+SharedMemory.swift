import Platform

extension Setting {
  /// What workers of this host map.
  static let sharedMemory: [Setting] = [
    Setting("shared_memory.bytes") { (value, configuration) throws(SettingFailure) in
      if (try? value.text()) == "auto" {
        configuration.sharedMemory.bytes = nil
        return
      }
      guard let bytes = try? value.integer(in: 0...1 << 60) else {
        throw SettingFailure(expected: "auto, or a whole number in 0...\(1 << 60)")
      }
      configuration.sharedMemory.bytes = bytes
    }
  ]
}

extension Configuration {
  /// Partitions that workers of this host map.
  package struct SharedMemory: Sendable {
    /// Bytes that they may have together; nil for a quarter of the memory that there is.
    package var bytes: Int?

    /// The bytes, as configured or found.
    var budget: Int { bytes ?? MemoryLimit.current() / 4 }
  }
}
