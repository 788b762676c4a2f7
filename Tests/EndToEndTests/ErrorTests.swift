import Testing

/// The contract's table of errors: code, HTTP status, and a message that names the value and what would be right.
@Suite struct ErrorTests {
  private struct Row {
    let target: String
    let status: Int
    let code: String
    let words: [String]

    init(_ target: String, _ status: Int, _ code: String, _ words: String...) {
      self.target = target
      self.status = status
      self.code = code
      self.words = words
    }
  }

  private let rows = [
    Row("/shard?rank=4&mp=4", 400, "invalid_argument", "rank 4 is out of range for mp=4: ranks are 0...3"),
    Row("/shard?rank=0&mp=3", 400, "failed_precondition", "mp=3", "transformer.layers.0", "1, 2, 4, 8"),
    Row("/shard?mp=4", 400, "invalid_argument", "rank", "0...3"),
    Row("/shard?rank=0", 400, "invalid_argument", "mp"),
    Row("/shard", 400, "invalid_argument", "mp"),
    Row("/shard?rank=two&mp=4", 400, "invalid_argument", "rank=two"),
    Row("/shard?rank=-1&mp=4", 400, "invalid_argument", "rank=-1"),
    Row("/shard?rank=+1&mp=4", 400, "invalid_argument", "rank"),
    Row("/shard?rank=0&mp=0", 400, "invalid_argument", "mp=0", "1"),
    Row("/shard?rank=0&mp=99999999999999999999", 400, "invalid_argument", "mp=99999999999999999999"),
    Row("/shard?rank=0&rank=1&mp=4", 400, "invalid_argument", "rank", "twice"),
    Row("/shard?rank=0&mp=4&model=gpt2-tiny&model=x", 400, "invalid_argument", "model", "twice"),
    Row("/shard?rank=0&mp=4&ranks=1", 400, "invalid_argument", "unknown parameter ranks", "rank, mp"),
    Row("/shard?rank=0&mp=4&dtype=int3", 400, "invalid_argument", "dtype=int3", "bfloat16"),
    Row("/shard?rank=0&mp=4&quantize=int5", 400, "invalid_argument", "quantize=int5", "int8"),
    Row("/shard?rank=0&mp=4&names=tf", 400, "invalid_argument", "names=tf", "hf"),
    Row("/shard?rank=0&mp=4&groups=8", 400, "invalid_argument", "groups", "quantize"),
    Row("/shard?rank=0&mp=4&model=gpt3", 404, "not_found", "gpt3"),
    Row("/shard?rank=0&mp=4&revision=\(String(repeating: "0", count: 40))", 400, "failed_precondition", "revision 000"),
    Row("/tensor?name=nothing&rank=0&mp=4", 404, "not_found", "nothing"),
    Row("/tensor?name=word_embedding.weight&rank=0&mp=4", 404, "not_found", "word_embeddings.weight"),
    Row("/tensor?rank=0&mp=4", 400, "invalid_argument", "name"),
    Row("/plan?rank=9&mp=4", 400, "invalid_argument", "0...3"),
    Row("/plan", 400, "invalid_argument", "mp"),
    Row("/nothing", 404, "not_found", "/nothing"),
    Row("/shard/more?rank=0&mp=4", 404, "not_found", "/shard/more"),
    Row("/manifests/nothing", 404, "not_found", "nothing"),
    Row("/manifests?state=ready", 400, "invalid_argument", "state"),
    Row("/healthz?deep=1", 400, "invalid_argument", "deep"),
    Row("/shard?rank=0&mp=4&model=a%0d%0ab", 400, "invalid_argument", "control character"),
  ]

  @Test func everyRowOfTheTableHolds() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      for row in rows {
        let answer = try client.get(row.target)
        let message = (try? answer.json())?["message"]?.text ?? answer.text
        #expect(answer.isError(row.status, row.code), "\(row.target): \(answer.status) \(answer.text)")
        for word in row.words { #expect(message.contains(word), "\(row.target): \(message)") }
        #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        let head = try client.get(row.target, method: "HEAD")
        #expect(head.status == row.status && head.body.isEmpty)
      }
      #expect(try client.get("/shard?rank=0&mp=4").status == 200)
    }
  }

  @Test func otherMethodsAreToldWhichThereAre() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let answer = try client.get("/shard?rank=0&mp=4", method: method)
        #expect(answer.isError(405, "unimplemented", method), "\(answer.text)")
        #expect(answer["Allow"] == "GET, HEAD")
      }
    }
  }

  @Test func whatIsTooLargeIsRefused() throws {
    let limits = [
      "WEIGHT_SERVER_LIMITS_TARGET_BYTES": "1000", "WEIGHT_SERVER_LIMITS_HEAD_BYTES": "4000",
      "WEIGHT_SERVER_LIMITS_HEAD_FIELDS": "20", "WEIGHT_SERVER_LIMITS_BODY_BYTES": "1000",
    ]
    try Daemon.run(environment: limits) { daemon in
      let long = String(repeating: "a", count: 5000)
      let target = try daemon.get("/shard?model=\(long)")
      #expect(target.isError(414, "resource_exhausted"), "\(target.status)")
      let head = try daemon.get("/healthz", ["X-Long": long])
      #expect(head.isError(431, "resource_exhausted"), "\(head.status)")
      let many = Dictionary(uniqueKeysWithValues: (0..<30).map { ("X-\($0)", "a") })
      let fields = try daemon.get("/healthz", many)
      #expect(fields.isError(431, "resource_exhausted"), "\(fields.status)")
      let body = try daemon.client().get("/healthz", method: "POST", body: [UInt8](repeating: 65, count: 2000))
      #expect(body.isError(413, "resource_exhausted"), "\(body.status)")
    }
  }

  @Test func whatIsTooSlowIsRefused() throws {
    let limits = ["WEIGHT_SERVER_LIMITS_HEAD_SECONDS": "0.2", "WEIGHT_SERVER_LIMITS_BODY_SECONDS": "0.2"]
    try Daemon.run(environment: limits) { daemon in
      let head = try daemon.connect()
      try head.send("GET /healthz HTTP/1.1\r\nHo")
      #expect(try head.answer().isError(408, "deadline_exceeded"))
      #expect(try head.isAtEnd())
      let body = try daemon.connect()
      try body.send("GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
      #expect(try body.answer().isError(408, "deadline_exceeded"))
      #expect(try body.isAtEnd())
    }
  }

  @Test func anAnswerThatWouldComeTooLateIsNotMade() throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      for (name, none, enough) in [("Connect-Timeout-Ms", "0", "60000"), ("grpc-timeout", "0n", "60S")] {
        // An answer may be made before the time is looked at; each try asks for one that was not made before.
        var answer = try client.get("/shard?rank=0&mp=1", [name: none])
        for number in 0..<50 where answer.status == 200 {
          answer = try client.get("/shard?rank=0&mp=1&tensors=*,\(number)", [name: none])
        }
        #expect(answer.isError(504, "deadline_exceeded"), "\(name): \(answer)")
        #expect(try client.get("/shard?rank=0&mp=1", [name: enough]).status == 200)
        #expect(try client.get("/healthz", [name: "soon"]).isError(400, "invalid_argument", "soon"))
      }
    }
  }

  @Test func whatCannotBeExpectedIsRefused() throws {
    try Daemon.run { daemon in
      let answer = try daemon.get("/healthz", ["Expect": "miracles"])
      #expect(answer.status == 417)
    }
  }

  @Test func anIdleConnectionIsClosedWithoutAWord() throws {
    try Daemon.run(environment: ["WEIGHT_SERVER_LIMITS_IDLE_SECONDS": "0.2"]) { daemon in
      let connection = try daemon.connect()
      #expect(try connection.isAtEnd())
    }
  }

  @Test func oneConnectionTooManyIsRefused() throws {
    try Daemon.run(environment: ["WEIGHT_SERVER_LIMITS_CONNECTIONS": "4"]) { daemon in
      var held: [RawConnection] = []
      var refusal: Answer?
      while refusal == nil, held.count < 10 {
        let connection = try daemon.connect()
        try? connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        let answer = try connection.answer()
        if answer.status != 200 { refusal = answer }
        held.append(connection)
      }
      #expect(refusal?.isError(429, "resource_exhausted") == true)
      #expect(refusal?["Retry-After"] != nil)
      // A connection of the daemon's start may have counted when the first of these came.
      #expect((4...5).contains(held.count))
      held.removeFirst(3)
      while try daemon.get("/healthz").status == 429 {}
    }
  }
}
