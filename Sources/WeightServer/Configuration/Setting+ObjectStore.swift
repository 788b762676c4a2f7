import ObjectStore

extension Setting {
  /// Where an object store is.
  static let objectStore: [Setting] = [
    Setting("s3.endpoint") { (value, configuration) throws(SettingFailure) in
      configuration.objects.endpoint = try value.text()
    },
    Setting("s3.region") { (value, configuration) throws(SettingFailure) in
      configuration.objects.region = try value.text()
    },
    Setting("s3.addressing") { (value, configuration) throws(SettingFailure) in
      configuration.objects.addressing = try value.choice(ObjectStoreConfiguration.Addressing.self)
    },
    Setting("s3.connections") { (value, configuration) throws(SettingFailure) in
      configuration.objects.connections = try value.integer(in: 1...256)
    },
    Setting("s3.attempts") { (value, configuration) throws(SettingFailure) in
      configuration.objects.attempts = try value.integer(in: 1...20)
    },
  ]
}
