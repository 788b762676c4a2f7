import Transport

extension Setting {
  /// How much is borne of clients at a time, beside what a single request may be.
  static let admission: [Setting] = [
    Setting("limits.connections_per_address") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.connectionsPerAddress = try value.integer(in: 1...1_000_000)
    },
    Setting("limits.requests_per_connection") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.requestsPerConnection = try value.integer(in: 1...1_000_000_000)
    },
    Setting("limits.requests") { (value, configuration) throws(SettingFailure) in
      configuration.limits.requests = try value.integer(in: 1...1_000_000)
    },
    Setting("limits.requests_per_address") { (value, configuration) throws(SettingFailure) in
      configuration.limits.requestsPerAddress = try value.integer(in: 1...1_000_000)
    },
    Setting("limits.bytes_in_flight") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.bytesInFlight = try value.integer(in: 1 << 20...1 << 50)
    },
    Setting("limits.executions") { (value, configuration) throws(SettingFailure) in
      configuration.limits.executions = try value.integer(in: 1...1_000_000)
    },
    Setting("limits.write_bytes_per_second") { (value, configuration) throws(SettingFailure) in
      configuration.limits.connection.writeRate = try value.integer(in: 0...1 << 30)
    },
  ]
}
