import Platform

extension Setting {
  /// How TLS is spoken.
  static let tls: [Setting] = [
    Setting("tls.certificate") { (value, configuration) throws(SettingFailure) in
      configuration.tls.server.certificate = try value.text()
    },
    Setting("tls.key") { (value, configuration) throws(SettingFailure) in
      configuration.tls.server.key = try value.text()
    },
    Setting("tls.client_authority") { (value, configuration) throws(SettingFailure) in
      configuration.tls.server.clientAuthority = try value.text()
    },
    Setting("tls.client_certificates") { (value, configuration) throws(SettingFailure) in
      configuration.tls.server.clientAuthentication = try value.choice(TLSServerSettings.ClientAuthentication.self)
    },
    Setting("tls.allowed_subjects") { (value, configuration) throws(SettingFailure) in
      configuration.tls.allowedSubjects = try value.list()
    },
    Setting("tls.read_subjects") { (value, configuration) throws(SettingFailure) in
      configuration.tls.readSubjects = try value.list()
    },
    Setting("tls.admin_subjects") { (value, configuration) throws(SettingFailure) in
      configuration.tls.adminSubjects = try value.list()
    },
    Setting("tls.minimum_version") { (value, configuration) throws(SettingFailure) in
      configuration.tls.server.minimumVersion = try value.choice(TLSServerSettings.Version.self)
    },
    Setting("tls.ciphers") { (value, configuration) throws(SettingFailure) in
      configuration.tls.server.ciphers = try value.text()
    },
  ]
}
