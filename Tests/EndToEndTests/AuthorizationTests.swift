import Foundation
import Testing

/// Who may what: every route for every kind of client, and what a token that may not see a checkpoint learns of it.
@Suite struct AuthorizationTests {
  /// A kind of client.
  enum Client: String, CaseIterable {
    case none, wrong, read, other, admin

    /// The token that it shows.
    var token: String? { self == .none ? nil : "ws_\(rawValue)" }

    var fields: [String: String] { token.map { ["Authorization": "Bearer \($0)"] } ?? [:] }
  }

  /// What a route is open to.
  enum Rule {
    /// Everyone.
    case open
    /// Whoever may read something.
    case read
    /// Whoever may read the checkpoint `alpha`; to others it does not exist.
    case readsAlpha
    /// Nobody: there is nothing there.
    case nobody
    /// Whoever may change the checkpoint that is named.
    case admin
  }

  /// A route, where the source has it, and a request of it.
  struct Row {
    let group: String
    let method: String
    let target: String
    let rule: Rule
    var body = ""
    var success = 200

    init(_ group: String, _ method: String, _ target: String, _ rule: Rule, body: String = "", success: Int = 200) {
      self.group = group
      self.method = method
      self.target = target
      self.rule = rule
      self.body = body
      self.success = success
    }
  }

  /// Every route there is: one that is missing here fails `everyRouteHasARow`.
  static let rows = [
    Row("StatusRoutes", "GET", "/", .open),
    Row("StatusRoutes", "GET", "/healthz", .open),
    Row("StatusRoutes", "GET", "/readyz", .open),
    Row("MonitorRoutes", "GET", "/stats", .read),
    Row("MonitorRoutes", "GET", "/metrics", .read),
    Row("PageRoutes", "GET", "/page/page.css", .open),
    Row("PartitionRoutes", "GET", "/shard?model=alpha&rank=0&mp=2", .readsAlpha),
    Row("PartitionRoutes", "GET", "/tensor?model=alpha&name=word_embeddings.weight&rank=0&mp=2", .readsAlpha),
    Row("PartitionRoutes", "GET", "/plan?model=alpha&rank=0&mp=2", .readsAlpha),
    Row("ManifestRoutes", "GET", "/manifests", .read),
    Row("ManifestRoutes", "GET", "/manifests/alpha", .readsAlpha),
    Row(
      "ManifestRoutes", "PUT", "/manifests/gamma", .admin, body: "{\"path\": \"\(Repository.sample)\"}", success: 201),
    Row("ManifestRoutes", "POST", "/manifests/gamma/reload", .admin),
    Row("ManifestRoutes", "DELETE", "/manifests/gamma", .admin, success: 204),
    Row("RPCRoutes", "POST", "/weightserver.v1.WeightService/ListManifests", .read, body: "{}"),
    Row("RPCRoutes", "POST", "/grpc.health.v1.Health/Check", .open, body: "{}"),
    Row("RPCRoutes", "POST", "/weightserver.v1.WeightService/Nothing", .nobody, body: "{}", success: 404),
    Row("HubRoutes", "GET", "/api/models/alpha", .readsAlpha),
    Row("HubRoutes", "GET", "/api/models/alpha/revision/mp2", .readsAlpha),
    Row("HubRoutes", "GET", "/api/models/alpha/tree/main", .readsAlpha),
    Row(
      "HubRoutes", "POST", "/api/models/alpha/paths-info/main", .readsAlpha,
      body: "{\"paths\": [\"model.safetensors\"]}"),
    Row("HubRoutes", "GET", "/api/models/alpha/refs", .readsAlpha),
    Row("HubRoutes", "GET", "/alpha/resolve/mp2/rank-0-of-2.safetensors", .readsAlpha),
  ]

  /// Rows of the same routes in other words, and every call of the RPC interface.
  static let variants = [
    call("GetManifest", .readsAlpha, "{\"name\": \"alpha\"}"),
    call("PlanPartition", .readsAlpha, "{\"model\": \"alpha\", \"rank\": 0, \"mp\": 2}"),
    call("PutManifest", .admin, "{\"name\": \"gamma\", \"path\": \"\(Repository.sample)\"}"),
    call("ReloadManifest", .admin, "{\"name\": \"gamma\"}"),
    call("DeleteManifest", .admin, "{\"name\": \"gamma\"}"),
    call("GetStats", .read, "{}"),
    Row("", "HEAD", "/shard?model=alpha&rank=0&mp=2", .readsAlpha),
    Row("", "GET", "/plan?model=alpha&mp=2", .readsAlpha),
    Row("", "GET", "/%6danifests/alph%61", .readsAlpha),
    Row("", "GET", "/nothing", .read, success: 404),
    Row("", "DELETE", "/stats", .read, success: 405),
  ]

  private static func call(_ name: String, _ rule: Rule, _ body: String) -> Row {
    Row("", "POST", "/weightserver.v1.WeightService/\(name)", rule, body: body)
  }

  /// Runs a body against a daemon with the checkpoints `alpha` and `beta`, and tokens for each kind of client.
  static func run(
    listen: [String] = ["127.0.0.1:0"], _ body: (Daemon, TemporaryFolder) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    try folder.write("tokens", text: try file())
    let manifests = ["alpha", "beta"].map { "    - path: \(Repository.sample)\n      name: \($0)\n" }.joined()
    let configuration = try folder.write(
      "config.yaml",
      text: "tokens:\n  file: tokens\nroots: [\(Repository.folder)/Sample]\ncheckpoints:\n  manifests:\n" + manifests)
    try Daemon.run(
      ["--config", configuration, "--verbose"], listen: listen, fields: Client.admin.fields
    ) { try body($0, folder) }
  }

  /// The file of tokens.
  static func file(_ extra: String = "") throws -> String {
    try """
    # made by the tests
    read \(digest("ws_read")) read
    other \(digest("ws_other")) read,admin manifests=bet?,delta
    admin \(digest("ws_admin")) admin expires=2099-01-01
    \(extra)
    """
  }

  /// A token's SHA-256 by sha256sum, which shares no code with the server.
  static func digest(_ token: String) throws -> String {
    let process = Process()
    let input = Pipe()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(token.utf8))
    try input.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return String(text.prefix(64))
  }

  @Test func everyRouteHasARow() throws {
    let folder = "\(Repository.folder)/Sources/WeightServer"
    let files = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
    var counts: [String: Int] = [:]
    for file in files where file.hasSuffix(".swift") {
      let text = String(decoding: try Repository.read("\(folder)/\(file)"), as: UTF8.self)
      guard let group = text.firstMatch(of: /(struct|class) (\w+)[^{]*: (\w+, )*RouteGroup/)?.output.2 else { continue }
      let made = text.matches(of: /\breading( \{|\()|\bRoute\(|\bchanging\(/).count
      // A helper that makes routes names itself and a constructor once.
      counts[String(group)] = made - 2 * text.matches(of: /func (changing|reading)\(/).count
    }
    #expect(counts == Dictionary(grouping: Self.rows, by: \.group).mapValues(\.count))
  }

  @Test func everyCallHasARow() throws {
    let path = "\(Repository.folder)/proto/weightserver/v1/weight_service.proto"
    let text = String(decoding: try Repository.read(path), as: UTF8.self)
    let calls = text.matches(of: /rpc (\w+)\(/).map { String($0.output.1) }
    #expect(calls.count > 5)
    for call in calls {
      #expect((Self.rows + Self.variants).contains { $0.target.hasSuffix("/\(call)") }, "\(call)")
    }
  }

  @Test func everyRouteIsOpenToWhomItIsToBeAndToNobodyElse() throws {
    try Self.run { daemon, _ in
      for client in Client.allCases {
        let curl = try daemon.client()
        for row in Self.rows + Self.variants {
          let fields = client.fields.merging(["Content-Type": "application/json"]) { $1 }
          let answer = try curl.get(row.target, fields, method: row.method, body: [UInt8](row.body.utf8))
          let seen = "\(client) \(row.method) \(row.target): \(answer)"
          switch (row.rule, client) {
          case (.nobody, _): #expect(answer.status == row.success || answer.status == 401, "\(seen)")
          case (.open, _): #expect(answer.status == 200, "\(seen)")
          case (_, .none), (_, .wrong):
            #expect(answer.status == 401 && answer["WWW-Authenticate"]?.hasPrefix("Bearer") == true, "\(seen)")
            #expect(row.method == "HEAD" || answer.isError(401, "unauthenticated"), "\(seen)")
          case (.readsAlpha, .other):
            #expect(row.method == "HEAD" ? answer.status == 404 : answer.isError(404, "not_found"), "\(seen)")
          case (.admin, .read):
            #expect(answer.isError(403, "permission_denied", "scope admin", "token read"), "\(seen)")
          case (.admin, .other): #expect([403, 404].contains(answer.status), "\(seen)")
          case (.read, _), (.readsAlpha, _), (.admin, _): #expect(answer.status == row.success, "\(seen)")
          }
        }
      }
    }
  }

  @Test func whatATokenMayNotSeeDoesNotExistForIt() throws {
    try Self.run { daemon, _ in
      let curl = try daemon.client()
      let fields = Client.other.fields
      #expect(try curl.get("/manifests", fields).json().elements?.compactMap { $0["name"]?.text } == ["beta"])
      // The only one that it sees need not be named.
      #expect(try curl.get("/shard?rank=0&mp=2", fields).status == 200)
      let ambiguous = try curl.get("/shard?rank=0&mp=2", Client.read.fields)
      #expect(ambiguous.isError(400, "invalid_argument", "one of alpha, beta"))
      // The text is that of a name that nobody has, to the letter, without a hint at a name that is near.
      for target in [
        "/manifests/NAME", "/shard?model=NAME&rank=0&mp=2", "/plan?model=NAME&mp=2",
        "/tensor?model=NAME&name=x&rank=0&mp=2", "/api/models/NAME", "/NAME/resolve/main/model.safetensors",
      ] {
        let hidden = try curl.get(target.replacingOccurrences(of: "NAME", with: "alpha"), fields)
        let absent = try curl.get(target.replacingOccurrences(of: "NAME", with: "alphx"), fields)
        #expect(hidden.status == 404 && absent.status == 404)
        #expect(hidden.text.replacingOccurrences(of: "alpha", with: "alphx") == absent.text)
      }
      for target in ["/", "/stats", "/metrics", "/readyz", "/manifests"] {
        let text = try curl.get(target, fields).text
        #expect(!text.contains("alpha"), "\(target)")
      }
    }
  }

  @Test func partitionsAreForTheirClientsAlone() throws {
    try Self.run { daemon, _ in
      let curl = try daemon.client()
      let revision = try #require(try curl.get("/manifests/alpha", Client.read.fields).json()["revision"]?.text)
      let pinned = try curl.get("/shard?model=alpha&rank=0&mp=2&revision=\(revision)", Client.read.fields)
      #expect(pinned["Cache-Control"] == "private, max-age=31536000, immutable")
      #expect(pinned["Vary"] == "Authorization")
      #expect(try curl.get("/shard?model=alpha&rank=0&mp=2", Client.read.fields)["Cache-Control"] == "no-cache")
    }
    try Daemon.run { daemon in
      let revision = try #require(try daemon.get("/manifests/gpt2-tiny").json()["revision"]?.text)
      let pinned = try daemon.get("/shard?rank=0&mp=2&revision=\(revision)")
      #expect(pinned["Cache-Control"] == "public, max-age=31536000, immutable")
      #expect(pinned["Vary"] == nil)
    }
  }

  @Test func tokensComeAndGoWithTheirFileAndNeverReachLogs() throws {
    try Self.run { daemon, folder in
      let curl = try daemon.client()
      let late = ["Authorization": "Bearer ws_late"]
      func status(_ fields: [String: String], is status: Int) throws {
        // The file is looked at every second.
        let deadline = ContinuousClock.now + .seconds(30)
        while try curl.get("/stats", fields).status != status, ContinuousClock.now < deadline { usleep(20_000) }
        #expect(try curl.get("/stats", fields).status == status)
      }
      try status(late, is: 401)
      try folder.write("tokens", text: try Self.file("late \(try Self.digest("ws_late")) read"))
      try status(late, is: 200)
      try folder.write("tokens", text: "late nonsense")
      while !daemon.process.errors.contains("tokens are not reloaded") { usleep(20_000) }
      try status(late, is: 200)
      try folder.write("tokens", text: try Self.file())
      try status(late, is: 401)
      try status(Client.read.fields, is: 200)
      // Every way to say a token wrongly.
      for fields in [
        ["Authorization": "ws_secret1"], ["Authorization": "Basic ws_secret2"],
        ["Authorization": "Bearer ws_secret3 x"],
      ] { #expect(try curl.get("/stats", fields).status == 401) }
      for target in ["/stats?token=ws_secret4", "/stats?access_token=ws_secret5", "/shard?rank=0&mp=2&ws_secret6"] {
        #expect(try curl.get(target, Client.read.fields).status == 400)
      }
      for text in [
        "Authorization Bearer ws_secret7", "Authorization : Bearer ws_secret8", " Authorization: ws_secret9",
      ] {
        let connection = try daemon.connect()
        try connection.send("GET /stats HTTP/1.1\r\nHost: h\r\n\(text)\r\n\r\n")
        let answer = try connection.answer()
        #expect(answer.status == 400 && !answer.text.contains("ws_secret"))
      }
      #expect(!daemon.process.errors.contains("ws_"), "\(daemon.process.errors)")
      #expect(daemon.process.errors.contains("request refused"))
    }
  }

  @Test func aUserOfTheUnixSocketIsKnownByItsCredentials() throws {
    let folder = try TemporaryFolder()
    try Self.run(listen: ["127.0.0.1:0", "unix:\(folder.path)/s"]) { _, _ in
      let local = try CurlClient(base: "http://localhost", socket: "\(folder.path)/s")
      #expect(try local.get("/manifests").json().elements?.count == 2)
      #expect(try local.get("/manifests", Client.wrong.fields).status == 401)
      #expect(try local.get("/manifests", Client.other.fields).json().elements?.count == 1)
      #expect(try local.get("/manifests/beta/reload", method: "POST").status == 200)
    }
  }

  @Test func withoutTokensNothingIsChangedOverTheNetwork() throws {
    let folder = try TemporaryFolder()
    try Daemon.run(listen: ["127.0.0.1:0", "unix:\(folder.path)/s"]) { daemon in
      let curl = try daemon.client()
      for (method, target) in [
        ("PUT", "/manifests/x"), ("DELETE", "/manifests/gpt2-tiny"), ("POST", "/manifests/gpt2-tiny/reload"),
      ] {
        let answer = try curl.get(target, ["Authorization": "Bearer ws_any"], method: method)
        #expect(answer.isError(403, "permission_denied", "tokens.file", "Unix socket"), "\(answer)")
      }
      // A client that shows a token where none is asked for, as Hugging Face's do, is served.
      #expect(try curl.get("/manifests", ["Authorization": "Bearer hf_x"]).status == 200)
      let local = try CurlClient(base: "http://localhost", socket: "\(folder.path)/s")
      #expect(try local.get("/manifests/gpt2-tiny/reload", method: "POST").status == 200)
    }
  }

  @Test func theClientsCommandsShowTheirToken() throws {
    try Self.run { daemon, folder in
      let file = try folder.write("token", text: "ws_other\n")
      let named = try Command("manifests", "--token-file", file, daemon.url)
      #expect(named.status == 0 && named.output.contains("beta") && !named.output.contains("alpha"))
      let variable = try Command("manifests", daemon.url, environment: ["WEIGHT_SERVER_TOKEN": "ws_read"])
      #expect(variable.status == 0 && variable.output.contains("alpha"))
      let without = try Command("manifests", daemon.url)
      #expect(without.status == 64 && without.errors.contains("Authorization: Bearer"))
      let wrong = try Command("manifests", "--verbose", daemon.url, environment: ["WEIGHT_SERVER_TOKEN": "ws_secret"])
      #expect(wrong.status == 64 && !wrong.errors.contains("ws_secret"))
      let bad = try Command("manifests", daemon.url, environment: ["WEIGHT_SERVER_TOKEN": "ws secret"])
      #expect(bad.status == 64 && bad.errors.contains("WEIGHT_SERVER_TOKEN") && !bad.errors.contains("secret"))
      let target = "\(folder.path)/part.safetensors"
      let pull = try Command("pull", "--rank", "1", "--mp", "2", "-o", target, "--token-file", file, daemon.url)
      #expect(pull.status == 0, "\(pull.errors)")
      #expect(try Repository.read(target) == daemon.client().get("/shard?rank=1&mp=2", Client.other.fields).body)
    }
  }

  @Test func theTokenCommandMakesWhatTheDaemonTakes() throws {
    let made = try Command("token", "worker", "--manifests", "gpt2-*", "--expires", "2099-01-01")
    let lines = made.output.split(separator: "\n").map(String.init)
    #expect(made.status == 0 && lines.count == 2 && made.errors.isEmpty)
    let token = try #require(lines.first)
    #expect(try lines.last == "worker \(Self.digest(token)) read manifests=gpt2-* expires=2099-01-01")
    let folder = try TemporaryFolder()
    let file = try folder.write("tokens", text: try #require(lines.last))
    try Daemon.run(
      environment: ["WEIGHT_SERVER_TOKENS_FILE": file, "WEIGHT_SERVER_TOKEN": "a client's"],
      fields: ["Authorization": "Bearer \(token)"]
    ) { #expect(try $0.get("/stats").status == 401) }
    #expect(try Command("token", "a b").status == 64)
    let unknown = try Command("token", "a", "--scopes", "write")
    #expect(unknown.status == 64 && unknown.errors.contains("scopes write"))
  }

  @Test func aBadFileOfTokensEndsTheStartWithItsLine() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("tokens", text: "a 0 read\n")
    let command = try Command("serve", Repository.sample, environment: ["WEIGHT_SERVER_TOKENS_FILE": file])
    #expect(command.status == 64 && command.errors.contains("tokens:1: what follows a is not a SHA-256"))
    let absent = try Command("serve", Repository.sample, environment: ["WEIGHT_SERVER_TOKENS_FILE": "\(file)x"])
    #expect(absent.status == 64 && absent.errors.contains("tokens.file"))
  }
}
