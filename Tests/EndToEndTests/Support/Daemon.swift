import Testing

/// A running `weight-server serve`, listening on a port of its own.
struct Daemon {
  let process: ChildProcess
  /// What it said it listens on, as `http://127.0.0.1:41873` or `unix:/path`.
  let listeners: [String]

  /// Runs a body against a daemon that serves some checkpoints, then stops it by SIGTERM, which must end it with status 0.
  /// - Parameter fields: what it takes to read the list of its checkpoints.
  @discardableResult static func run<Result>(
    _ arguments: [String] = [Repository.sample], listen: [String] = ["127.0.0.1:0"],
    environment: [String: String] = [:], fields: [String: String] = [:], _ body: (Daemon) throws -> Result
  ) throws -> Result {
    let listening = listen.flatMap { ["--listen", $0] }
    let process = try ChildProcess(["serve"] + listening + arguments, environment: environment)
    let daemon = Daemon(process: process, listeners: try Daemon.listeners(of: process, count: listen.count))
    try daemon.waitUntilSettled(fields)
    let result = try body(daemon)
    process.terminate()
    let status = try process.exitStatus()
    #expect(status == 0, "standard error: \(process.errors)")
    return result
  }

  private static func listeners(of process: ChildProcess, count: Int) throws -> [String] {
    let prefix = "listening on "
    return try process.lines(count).map { line in
      try #require(line.hasPrefix(prefix), "standard output is for listeners alone, not \(line)")
      return String(line.dropFirst(prefix.count))
    }
  }

  /// Runs a body against a daemon that is then killed, as by a power cut.
  static func runAndKill(
    _ arguments: [String], environment: [String: String], _ body: (Daemon) throws -> Void
  ) throws {
    let process = try ChildProcess(["serve", "--listen", "127.0.0.1:0"] + arguments, environment: environment)
    let daemon = Daemon(process: process, listeners: try Daemon.listeners(of: process, count: 1))
    try daemon.waitUntilSettled()
    try body(daemon)
    process.kill()
    #expect(try process.exitStatus() == 128 + 9)
  }

  /// Waits until no checkpoint is loading. Asking is all there is to wait for: metadata is read in milliseconds.
  private func waitUntilSettled(_ fields: [String: String] = [:]) throws {
    let client = try client()
    func isLoading(_ entry: JSON) -> Bool { entry["state"]?.text == "loading" }
    while try client.get("/manifests", fields).json().elements?.contains(where: isLoading) != false {}
  }

  /// A checkpoint as `/manifests` has it.
  func manifest(_ name: String) throws -> JSON? {
    try get("/manifests").json().elements?.first { $0["name"]?.text == name }
  }

  /// One exchange over the Unix socket that it also listens on, as a user who may change what is served.
  func administer(_ method: String, _ target: String, body: String = "") throws -> Answer {
    let socket = try #require(listeners.first { $0.hasPrefix("unix:") }).dropFirst("unix:".count)
    return try CurlClient(base: "http://localhost", socket: String(socket)).get(
      target, method: method, body: [UInt8](body.utf8))
  }

  /// The names of the checkpoints, in order.
  func names() throws -> [String] {
    try #require(try get("/manifests").json().elements).compactMap { $0["name"]?.text }
  }

  /// Asks until something holds of the list of checkpoints.
  func waitForManifests(_ holds: ([JSON]) -> Bool) throws {
    let client = try client()
    var list: Answer
    let deadline = ContinuousClock.now + .seconds(60)
    repeat {
      list = try client.get("/manifests")
      guard ContinuousClock.now < deadline else { throw UnexpectedEnd("the list of checkpoints stays \(list)") }
    } while try !holds(list.json().elements ?? [])
  }

  /// Waits until the log has a text so many times.
  func waitForLog(_ text: String, count: Int = 1) throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while process.errors.ranges(of: text).count < count {
      guard ContinuousClock.now < deadline else { throw UnexpectedEnd("the log lacks '\(text)': \(process.errors)") }
    }
  }

  /// The first listener's URL.
  var url: String { listeners[0] }

  /// The first listener's port.
  var port: UInt16 {
    get throws { try #require(UInt16(url.split(separator: ":").last?.prefix { $0 != "/" } ?? "")) }
  }

  /// A client of the first listener, with connections of its own.
  func client() throws -> CurlClient {
    let path = url.hasPrefix("unix:") ? String(url.dropFirst("unix:".count)) : nil
    return try CurlClient(base: path == nil ? url : "http://localhost", socket: path)
  }

  /// A plain connection to the first listener.
  func connect(receiveBuffer: Int32 = 0) throws -> RawConnection {
    try RawConnection(port: port, receiveBuffer: receiveBuffer)
  }

  /// One exchange on a connection of its own.
  func get(
    _ target: String, _ fields: [String: String] = [:], method: String = "GET"
  ) throws -> Answer {
    try client().get(target, fields, method: method)
  }
}
