extension Setting {
  /// Who may do what.
  static let access: [Setting] = [
    Setting("tokens.file") { (value, configuration) throws(SettingFailure) in
      configuration.access.tokensFile = try value.text()
    },
    Setting("admin.uids") { (value, configuration) throws(SettingFailure) in
      configuration.access.administrators = try value.integers(in: 0...Int(UInt32.max))
    },
  ]
}
