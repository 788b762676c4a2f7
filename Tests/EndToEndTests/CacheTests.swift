import Foundation
import Testing

/// The partition cache from outside: one execution, faults, and several daemons on one folder.
@Suite struct CacheTests {
  private let request = "GET /shard?rank=0&mp=1 HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test func whatWasBeingMadeAtAKillIsNeverServed() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoints.large(in: folder, bytes: 128 << 20)
    let cache = CacheSettings(folder)
    var wasCut = false
    for _ in 0..<10 where !wasCut {
      try Daemon.runAndKill([checkpoint], environment: cache.environment) { daemon in
        let connection = try daemon.connect()
        try connection.send(request)
        while cache.names(".writing").isEmpty, cache.names().isEmpty {}
      }
      wasCut = cache.names().isEmpty
      if !wasCut { try FileManager.default.removeItem(atPath: cache.path) }
    }
    try #require(wasCut && cache.names(".writing").count == 1)
    let expected = try Daemon.run([checkpoint]) { try $0.get("/shard?rank=0&mp=1").body }
    try Daemon.run([checkpoint], environment: cache.environment) { daemon in
      let answer = try daemon.get("/shard?rank=0&mp=1")
      #expect(answer.body == expected)
      try daemon.waitForStored(1)
      #expect(try daemon.get("/shard?rank=0&mp=1").body == expected)
      #expect(cache.names(".writing").isEmpty)
    }
  }

  @Test func aRestartFindsWhatWasMade() throws {
    let folder = try TemporaryFolder()
    let cache = CacheSettings(folder)
    let bodies = try Daemon.run(environment: cache.environment) { daemon in
      let bodies = try (0..<4).map { try daemon.get("/shard?rank=\($0)&mp=4").body }
      try daemon.waitForStored(4)
      return bodies
    }
    try Daemon.run(environment: cache.environment) { daemon in
      // The first answer goes without the cache, while the entry is verified.
      for rank in 0..<4 { #expect(try daemon.get("/shard?rank=\(rank)&mp=4").body == bodies[rank]) }
      try daemon.waitForStored(4)
      let before = try daemon.cacheNumber("hits")
      for rank in 0..<4 {
        let answer = try daemon.get("/shard?rank=\(rank)&mp=4")
        #expect(answer.body == bodies[rank])
        #expect(answer["Repr-Digest"]?.hasPrefix("sha-256=:") == true)
      }
      #expect(try daemon.cacheNumber("hits") == before + 4)
      #expect(try daemon.cacheNumber("executions") == 0)
      #expect(try daemon.get("/plan?rank=0&mp=4").json()["serving"]?["how"]?.text == "cached")
    }
  }

  @Test func whatIsEvictedUnderLoadIsServedAllTheSame() throws {
    let folder = try TemporaryFolder()
    let bodies = try Daemon.run { daemon in try (0..<8).map { try daemon.get("/shard?rank=\($0)&mp=8").body } }
    let budget = 3 * (bodies.map(\.count).max() ?? 0) + 1000
    let cache = CacheSettings(folder, bytes: budget)
    try Daemon.run(environment: cache.environment) { daemon in
      let connections = try (0..<32).map { _ in try daemon.connect(receiveBuffer: 4096) }
      for round in 0..<8 {
        for (index, connection) in connections.enumerated() {
          let rank = (index * 5 + round * 3) % 8
          try connection.send("GET /shard?rank=\(rank)&mp=8 HTTP/1.1\r\nHost: x\r\n\r\n")
        }
        for (index, connection) in connections.enumerated() {
          #expect(try connection.answer().body == bodies[(index * 5 + round * 3) % 8])
        }
        #expect(try daemon.cacheNumber("bytes") <= budget)
      }
      // With nobody to hold an entry, each miss drives out the one that was not used longest.
      for rank in 0..<8 { #expect(try daemon.get("/shard?rank=\(rank)&mp=8").body == bodies[rank]) }
      #expect(try daemon.cacheNumber("errors") == 0)
      #expect(try daemon.cacheNumber("evictions") > 0)
    }
  }

  @Test func twoDaemonsShareAFolder() throws {
    let folder = try TemporaryFolder()
    let cache = CacheSettings(folder)
    let bodies = try Daemon.run { daemon in try (0..<8).map { try daemon.get("/shard?rank=\($0)&mp=8").body } }
    try Daemon.run(environment: cache.environment) { one in
      try Daemon.run(environment: cache.environment) { other in
        for round in 0..<3 {
          let pairs = try (0..<8).map { rank in
            try [one, other].map { daemon in
              let connection = try daemon.connect()
              try connection.send("GET /shard?rank=\(rank)&mp=8 HTTP/1.1\r\nHost: x\r\n\r\n")
              return connection
            }
          }
          for (rank, pair) in pairs.enumerated() {
            for connection in pair { #expect(try connection.answer().body == bodies[rank], "round \(round)") }
          }
        }
        for daemon in [one, other] {
          while try daemon.storedPartitions() < 8 {
            for rank in 0..<8 { #expect(try daemon.get("/shard?rank=\(rank)&mp=8").body == bodies[rank]) }
          }
          #expect(try daemon.cacheNumber("errors") == 0)
        }
        #expect(cache.names().count == 8)
      }
    }
  }

  @Test func degreesAreMadeAhead() throws {
    let folder = try TemporaryFolder()
    try Daemon.run(environment: CacheSettings(folder, prefill: "2,4").environment) { daemon in
      try daemon.waitForStored(6)
      #expect(try daemon.cacheNumber("executions") == 6)
      let answer = try daemon.get("/shard?rank=1&mp=2")
      #expect(answer["Repr-Digest"] != nil)
      #expect(try daemon.cacheNumber("hits") == 1)
    }
  }

  @Test(arguments: ["always", "never"]) func aPullVerifiesTheDigest(mode: String) throws {
    let folder = try TemporaryFolder()
    var environment = CacheSettings(folder).environment
    environment["WEIGHT_SERVER_CACHE_MODE"] = mode
    try Daemon.run(environment: environment) { daemon in
      let options = ["--mp", "2", "--ranks", "0-1", "--verify", "-o", "\(folder.path)/", "--json"]
      let pull = try ChildProcess(["pull"] + options + [daemon.url])
      #expect(try pull.exitStatus() == 0, "\(pull.errors)")
      let files = try JSON([UInt8](try pull.wholeOutput().utf8))["files"]?.elements ?? []
      #expect(files.map { $0["digest_confirmed"]?.boolean } == [true, true])
    }
  }
}
