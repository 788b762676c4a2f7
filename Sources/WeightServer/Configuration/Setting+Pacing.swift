import Transport

extension Setting {
  /// How fast.
  static let pacing: [Setting] = [
    Setting("limits.bytes_per_second") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.bytesPerSecond = try value.integer(in: 0...1 << 50)
    }
  ]
}
