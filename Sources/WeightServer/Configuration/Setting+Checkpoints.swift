extension Setting {
  /// The keys of what is served while it changes.
  static let checkpoints: [Setting] = [
    Setting("checkpoints.watch") { (value, configuration) throws(SettingFailure) in
      configuration.checkpoints.watched = try value.list()
    },
    Setting("checkpoints.quiet_seconds") { (value, configuration) throws(SettingFailure) in
      configuration.checkpoints.quiet = try value.seconds()
    },
    Setting("checkpoints.rescan_seconds") { (value, configuration) throws(SettingFailure) in
      configuration.checkpoints.rescan = try value.seconds()
    },
    Setting("checkpoints.previous_revisions") { (value, configuration) throws(SettingFailure) in
      configuration.checkpoints.previousRevisions = try value.integer(in: 0...16)
    },
  ]
}
