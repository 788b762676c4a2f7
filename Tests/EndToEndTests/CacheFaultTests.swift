import Foundation
import Testing

/// A disk that is full, and a source that changes, while partitions are made into the cache.
@Suite struct CacheFaultTests {
  /// Whether this process may mount a file system in memory.
  private static let canMount = getuid() == 0 && (try? Mount(bytes: 1 << 20)) != nil

  /// A small file system in memory, mounted while this lives.
  private final class Mount {
    let folder: TemporaryFolder

    init(bytes: Int) throws {
      folder = try TemporaryFolder()
      try Mount.run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "none", folder.path)
    }

    deinit { try? Mount.run("umount", folder.path) }

    private static func run(_ arguments: String...) throws {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = arguments
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else { throw UnexpectedEnd("\(arguments) failed") }
    }
  }

  @Test(.enabled(if: canMount)) func aFullDiskChangesNoAnswerAndIsUsedAgainWhenItHasRoom() throws {
    let folder = try TemporaryFolder()
    let mount = try Mount(bytes: 4 << 20)
    let checkpoint = try Checkpoints.large(in: folder, bytes: 8 << 20)
    let bodies = try Daemon.run([checkpoint]) { daemon in
      try (0..<4).map { try daemon.get("/shard?rank=\($0)&mp=4").body }
    }
    try mount.folder.write("hog", [UInt8](repeating: 1, count: 3 << 20))
    let cache = CacheSettings(folder, path: mount.folder.path)
    try Daemon.run([checkpoint], environment: cache.environment) { daemon in
      for rank in 0..<4 { #expect(try daemon.get("/shard?rank=\(rank)&mp=4").body == bodies[rank]) }
      #expect(try daemon.cacheNumber("executions") == 0)
      #expect(daemon.process.errors.contains("served without the cache"))
      try FileManager.default.removeItem(atPath: "\(mount.folder.path)/hog")
      // Two of about 2 MiB find room, but not with their trailers: what is begun together may run full together.
      let connections = try (0..<4).map { rank in
        let connection = try daemon.connect()
        try connection.send("GET /shard?rank=\(rank)&mp=4 HTTP/1.1\r\nHost: x\r\n\r\n")
        return connection
      }
      for (rank, connection) in connections.enumerated() { #expect(try connection.answer().body == bodies[rank]) }
      while try daemon.storedPartitions() == 0 {
        #expect(try daemon.get("/shard?rank=0&mp=4").body == bodies[0])
      }
      #expect(try daemon.get("/shard?rank=1&mp=4").body == bodies[1])
    }
  }

  @Test func aSourceThatIsRewrittenMeanwhileIsNeverMixed() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoints.large(in: folder, bytes: 256 << 20)
    let cache = CacheSettings(folder)
    try Daemon.run([checkpoint], environment: cache.environment) { daemon in
      let connection = try daemon.connect(receiveBuffer: 65_536)
      try connection.send("GET /shard?rank=0&mp=1 HTTP/1.1\r\nHost: x\r\n\r\n")
      let head = try connection.head()
      while cache.names(".writing").isEmpty, cache.names().isEmpty {}
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(checkpoint)/model.safetensors"))
      try handle.seek(toOffset: 255 << 20)
      try handle.write(contentsOf: Data(repeating: 1, count: 1 << 20))
      try handle.close()
      let length = try #require(head["Content-Length"].flatMap { Int($0) })
      if head.status == 200, let body = try? connection.body(length) {
        // It was made before the change.
        #expect(!body.suffix(1 << 20).contains(1))
      } else {
        #expect(cache.names().isEmpty && cache.names(".writing").isEmpty)
        #expect(try daemon.cacheNumber("errors") == 1)
      }
      #expect(try daemon.get("/shard?rank=0&mp=1").isError(500, "data_loss"))
    }
  }
}
