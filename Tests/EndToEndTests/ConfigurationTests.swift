import Testing

/// `config.yaml`, the environment, the command line, and what is said of mistakes in them.
@Suite struct ConfigurationTests {
  private static func names(of daemon: Daemon) throws -> [String] {
    try #require(try daemon.get("/manifests").json().elements).compactMap { $0["name"]?.text }
  }

  @Test func theRepositorysConfigurationServesTheSample() throws {
    try Daemon.run(["--config", "\(Repository.folder)/config.yaml"]) { daemon in
      let names = try ConfigurationTests.names(of: daemon)
      #expect(names == ["gpt2-tiny"])
      #expect(try daemon.get("/shard?rank=2&mp=4").status == 200)
    }
  }

  @Test func theCommandLineIsAboveTheEnvironmentAndThatAboveTheFile() throws {
    let folder = try TemporaryFolder()
    let configuration = try folder.write(
      "config.yaml", text: "checkpoints:\n  manifests:\n    - path: \(Repository.sample)\n      name: of-the-file\n")
    let other = Repository.fixture("megatron_v1_mp2_fp16_model/checkpoint/manifest.json")
    let environment = ["WEIGHT_SERVER_CHECKPOINTS_MANIFESTS": other]
    try Daemon.run(["--config", configuration]) { daemon in
      let names = try ConfigurationTests.names(of: daemon)
      #expect(names == ["of-the-file"])
    }
    try Daemon.run(["--config", configuration], environment: environment) { daemon in
      let names = try ConfigurationTests.names(of: daemon)
      #expect(names == ["checkpoint"])
    }
    try Daemon.run(
      ["--config", configuration, "--name", "of-the-command-line", Repository.sample], environment: environment
    ) { daemon in
      let names = try ConfigurationTests.names(of: daemon)
      #expect(names == ["of-the-command-line"])
    }
  }

  @Test(arguments: [
    ("limits:\n  conections: 5\n", ["config.yaml:2", "conections", "limits.connections"]),
    ("listen: []\nlogging:\n  levle: info\n", ["config.yaml:3", "levle", "logging.level"]),
    ("lisen: [127.0.0.1:0]\n", ["config.yaml:1", "lisen", "listen"]),
    ("limits:\n  connections: many\n", ["config.yaml:2", "many", "1...1000000"]),
    ("logging:\n  level: loud\n", ["config.yaml:2", "loud", "debug"]),
    ("checkpoints:\n  manifests:\n    - path: a\n      requird: true\n", ["config.yaml:4", "requird", "required"]),
    ("limits: [\n", ["config.yaml", "YAML"]),
    ("listen: [nowhere]\n", ["nowhere"]),
  ])
  func aMistakeInTheFileIsNamedWithItsLine(text: String, words: [String]) throws {
    let folder = try TemporaryFolder()
    let command = try Command("serve", "--config", try folder.write("config.yaml", text: text), Repository.sample)
    #expect(command.status == 64)
    #expect(command.errorLines.count == 1, "\(command.errors)")
    #expect(command.output == "")
    for word in words { #expect(command.errors.contains(word), "\(command.errors)") }
  }

  @Test(arguments: [
    ("WEIGHT_SERVER_LIMITS_CONECTIONS", "5", "WEIGHT_SERVER_LIMITS_CONNECTIONS"),
    ("WEIGHT_SERVER_LIMITS_CONNECTIONS", "-5", "1...1000000"),
  ])
  func aMistakeInTheEnvironmentIsNamed(variable: String, value: String, words: String) throws {
    let command = try Command("serve", Repository.sample, environment: [variable: value])
    #expect(command.status == 64)
    #expect(command.errors.contains(variable) && command.errors.contains(words), "\(command.errors)")
  }

  @Test func logsAreJSONWhereThatIsAskedFor() throws {
    let errors = try Daemon.run([Repository.sample], environment: ["WEIGHT_SERVER_LOGGING_FORMAT": "json"]) { daemon in
      _ = try daemon.get("/shard?rank=0&mp=2&model=%22%1b")
      _ = try daemon.get("/shard?rank=0&mp=2")
      return { daemon.process.errors }
    }()
    let lines = try errors.split(separator: "\n").map { try JSON([UInt8]($0.utf8)) }
    let requests = lines.filter { $0["message"]?.text == "request" }
    #expect(requests.contains { $0["status"]?.integer == 200 && $0["target"]?.text == "/shard?rank=0&mp=2" })
    for line in lines {
      for key in ["time", "level", "message"] { #expect(line[key]?.text?.isEmpty == false) }
    }
  }

  @Test func aConfigurationThatIsNotThereIsMissing() throws {
    let command = try Command("serve", "--config", "/nowhere/config.yaml")
    #expect([64, 66].contains(command.status))
    #expect(command.errors.contains("/nowhere/config.yaml"))
  }

  @Test func anAddressInUseIsUnavailable() throws {
    try Daemon.run { daemon in
      let command = try Command("serve", "--listen", "127.0.0.1:\(try daemon.port)", Repository.sample)
      #expect(command.status == 69)
      #expect(command.errors.contains("\(try daemon.port)"))
      #expect(command.output == "")
    }
  }
}
