import Foundation
import Testing

/// A source that changes while a body is sent from it, with no cache between.
@Suite struct SourceChangeTests {
  /// How the bytes leave: whole stretches of the file, or strips of it that are collected first.
  enum Way: CaseIterable { case runs, gathers }

  /// What happens to the file.
  enum Change: CaseIterable { case cut, rewritten }

  private static let size = 64 << 20

  @Test(arguments: Way.allCases, Change.allCases)
  func aBodyIsCutWhereItsSourceChangesMeanwhile(way: Way, change: Change) throws {
    let folder = try TemporaryFolder()
    let size = SourceChangeTests.size
    let checkpoint =
      switch way {
      case .runs: try Checkpoints.large(in: folder, bytes: size)
      case .gathers: try Checkpoints.wide(in: folder, bytes: size)
      }
    let target = way == .runs ? "/shard?rank=0&mp=1" : "/shard?rank=1&mp=2"
    try Daemon.run([checkpoint], environment: ["WEIGHT_SERVER_CACHE_MODE": "never"]) { daemon in
      let connection = try daemon.connect(receiveBuffer: 65_536)
      try connection.send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
      let head = try connection.head()
      #expect(head.status == 200)
      let length = try #require(head["Content-Length"].flatMap { Int($0) })
      let header = try safetensorsHeader(connection)
      try apply(change, to: "\(checkpoint)/model.safetensors")
      let body = connection.rest()
      // More than the sockets hold was left to send, and the change was seen before it went.
      #expect(header + body.count < length)
      // The kernel may still look into the file for what it was told to send whole; what was collected is our own.
      if way == .gathers || change == .cut { #expect(body.allSatisfy { $0 == 0 }) }
      #expect(try daemon.get(target).isError(500, "data_loss", "model.safetensors"))
      #expect(try daemon.get("/manifests").json()[0]?["state"]?.text == "stale")
      #expect(try daemon.get("/healthz").status == 200)
    }
  }

  /// Reads the header of a safetensors body; its bytes, with the length before it.
  private func safetensorsHeader(_ connection: RawConnection) throws -> Int {
    let length = try connection.body(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    return 8 + (try connection.body(length).count)
  }

  private func apply(_ change: Change, to path: String) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    switch change {
    case .cut: try handle.truncate(atOffset: 4096)
    case .rewritten:
      try handle.seek(toOffset: 4096)
      try handle.write(contentsOf: Data(repeating: 1, count: SourceChangeTests.size - 4096))
    }
  }
}
