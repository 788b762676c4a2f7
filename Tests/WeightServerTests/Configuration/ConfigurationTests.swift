import Loader
import Platform
import TestSupport
import Testing
import Transport

@testable import WeightServer

@Suite struct ConfigurationTests {
  private func load(_ text: String, environment: [String: String] = [:]) throws -> Configuration {
    let folder = try TemporaryFolder()
    try folder.write("config.yaml", text)
    return try Configuration(file: folder.file("config.yaml"), environment: environment)
  }

  private func failure(_ text: String, environment: [String: String] = [:]) throws -> ConfigurationError {
    try #require(throws: ConfigurationError.self) { try load(text, environment: environment) }
  }

  @Test func anEmptyFileGivesTheDefaults() throws {
    let configuration = try load("# nothing\n")
    #expect(configuration.listen == ["127.0.0.1:8080"])
    #expect(configuration.checkpoints.manifests.isEmpty)
    #expect(configuration.limits.connection == ConnectionLimits())
  }

  @Test func theLastLayerHasTheLastWord() throws {
    let text = "limits: {connections: 7}\nlogging: {level: debug}\nlisten: ['0.0.0.0:1']\n"
    let folder = try TemporaryFolder()
    try folder.write("config.yaml", text)
    var overrides = Configuration.Overrides()
    overrides.listen = ["unix:/tmp/x"]
    let environment = ["WEIGHT_SERVER_LIMITS_CONNECTIONS": "9", "WEIGHT_SERVER_LISTEN": "127.0.0.1:2", "PATH": "/bin"]
    let configuration = try Configuration(
      file: folder.file("config.yaml"), environment: environment, overrides: overrides)
    #expect(configuration.limits.connection.connections == 9)
    #expect(configuration.logging.level == .debug)
    #expect(configuration.listen == ["unix:/tmp/x"])
  }

  @Test func pathsAreRelativeToTheFile() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "config.yaml",
      """
      roots: [shared, /absolute]
      checkpoints:
        manifests:
          - a/manifest.json
          - {path: /b, name: bee, required: true}
      """)
    let configuration = try Configuration(file: folder.file("config.yaml"), environment: [:])
    #expect(configuration.roots == [folder.file("shared"), "/absolute"])
    #expect(
      configuration.checkpoints.manifests == [
        .init(path: folder.file("a/manifest.json")), .init(path: "/b", name: "bee", isRequired: true),
      ])
  }

  @Test(arguments: [
    ("limits:\n  conections: 1\n", ":2", "did you mean limits.connections?"),
    ("lisen: []\n", ":1", "did you mean listen?"),
    ("limits:\n  connections: many\n", ":2", "a whole number in 1...1000000"),
    ("limits: {connections: 0}\n", ":1", "1...1000000"),
    ("limits: {idle_seconds: -1}\n", ":1", "a time in seconds"),
    ("logging:\n  level: loud\n", ":2", "one of trace, debug"),
    ("a: [1\n", ":", "not valid YAML"),
    ("listen: x\nlisten: y\n", ":", "twice"),
    ("checkpoints:\n  manifests:\n    - {name: x}\n", ":3", "a checkpoint has a path"),
    ("checkpoints:\n  manifests:\n    - {path: a, requird: true}\n", ":3", "did you mean required?"),
    ("checkpoints:\n  manifests: {a: b}\n", ":2", "a list"),
    ("- 1\n", ":1", "a mapping"),
  ])
  func aWrongKeyOrValueIsNamedWithItsLine(text: String, line: String, remedy: String) throws {
    let error = try failure(text)
    #expect(error.place.contains("config.yaml\(line)"), "\(error)")
    #expect(error.message.contains(remedy), "\(error)")
    #expect(!error.description.contains("\n"))
  }

  @Test func anUnknownVariableIsNamedWithTheNearest() throws {
    let error = try failure("", environment: ["WEIGHT_SERVER_LIMIT_CONNECTIONS": "1"])
    #expect(error.description.contains("did you mean WEIGHT_SERVER_LIMITS_CONNECTIONS?"))
  }

  @Test func whatKubernetesSetsBesideAServiceIsNoSetting() throws {
    let environment = [
      "WEIGHT_SERVER_SERVICE_HOST": "10.0.0.1", "WEIGHT_SERVER_PORT": "tcp://10.0.0.1:80",
      "WEIGHT_SERVER_PORT_80_TCP_ADDR": "10.0.0.1",
    ]
    #expect(throws: Never.self) { try load("", environment: environment) }
  }

  @Test func aWrongVariableSaysWhatWouldBeRight() throws {
    let error = try failure("", environment: ["WEIGHT_SERVER_LOGGING_FORMAT": "xml"])
    #expect(error.description.contains("one of text, json"))
  }

  @Test func aMissingFileIsAnError() {
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration(file: "/nonexistent/config.yaml", environment: [:])
    }
    #expect(error?.description.contains("/nonexistent/config.yaml") == true)
  }
}
