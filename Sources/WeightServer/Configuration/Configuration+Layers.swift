import Loader

extension Configuration {
  /// What the command line says, over everything else; nil and empty leave the lower layers' word.
  package struct Overrides: Sendable {
    /// Addresses to listen on.
    package var listen: [String] = []
    /// Folders beside the configured ones.
    package var roots: [String] = []
    /// Checkpoints to serve in place of the configured ones.
    package var checkpoints: [Source] = []

    /// Nothing said.
    package init() {}
  }

  /// Layers the configuration: the defaults, the file, the environment, the command line; the last word counts.
  /// - Parameters:
  ///   - file: the path of a `config.yaml`; nil for none.
  ///   - environment: variables, of which those that begin with `WEIGHT_SERVER_` are looked at.
  package init(
    file: String?, environment: [String: String], overrides: Overrides = Overrides()
  ) throws(ConfigurationError) {
    self.init()
    if let file { try ConfigurationFile(path: file).apply(to: &self) }
    try apply(environment: environment)
    if !overrides.listen.isEmpty { listen = overrides.listen }
    roots += overrides.roots
    if !overrides.checkpoints.isEmpty { checkpoints.manifests = overrides.checkpoints }
  }

  private mutating func apply(environment: [String: String]) throws(ConfigurationError) {
    for (name, value) in environment.sorted(by: { $0.key < $1.key })
    where name.hasPrefix(Setting.variablePrefix) && !Configuration.isOfServiceDiscovery(name)
      && name != Configuration.clientTokenVariable
    {
      guard let setting = Setting.all.first(where: { $0.variable == name }) else {
        let nearest = NearestName.nearest(to: name, among: Setting.all.map(\.variable))
        throw ConfigurationError(
          place: "environment",
          message: "unknown variable \(name.escaped)\(nearest.map { "; did you mean \($0)?" } ?? "")")
      }
      do throws(SettingFailure) {
        try setting.take(.text(value), &self)
      } catch {
        throw ConfigurationError(
          place: "environment", message: "\(name) is \"\(value.escaped)\"; it is \(error.expected)")
      }
    }
  }

  /// The variable that gives the client's commands their token: no setting of the daemon.
  package static let clientTokenVariable = "WEIGHT_SERVER_TOKEN"

  /// Whether a variable is one of those that Kubernetes and container links set beside a service of the name `weight-server`
  /// (`WEIGHT_SERVER_SERVICE_HOST`, `WEIGHT_SERVER_PORT_8080_TCP_ADDR`, …): no setting of ours.
  private static func isOfServiceDiscovery(_ name: String) -> Bool {
    let rest = name.dropFirst(Setting.variablePrefix.count)
    return rest.hasPrefix("SERVICE_") || rest == "PORT" || rest.hasPrefix("PORT_")
  }
}
