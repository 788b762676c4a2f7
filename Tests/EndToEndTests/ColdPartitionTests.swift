import CCurl
import Foundation
import Testing

/// Many clients that ask at once for a partition that nobody asked for before.
@Suite(.serialized) struct ColdPartitionTests {
  private static let clients = 1000
  /// Clients read one after the other here, so that the last may wait long before it takes anything.
  private static let patience = [
    "WEIGHT_SERVER_LIMITS_WRITE_SECONDS": "600", "WEIGHT_SERVER_LIMITS_CONNECTIONS_PER_ADDRESS": "2000",
    "WEIGHT_SERVER_LIMITS_REQUESTS_PER_ADDRESS": "2000",
  ]

  /// Whether the kernel counts what is read from the disk below temporary folders: not where these lie in memory, nor without
  /// task I/O accounting.
  private static let countsReads: Bool = {
    guard let folder = try? TemporaryFolder(),
      let path = try? folder.write("probe", [UInt8](repeating: 1, count: 1 << 20))
    else { return false }
    let own = ProcessInfo.processInfo.processIdentifier
    guard (try? forget(path)) != nil, let before = try? bytesReadFromDisk(own), (try? Repository.read(path)) != nil,
      let after = try? bytesReadFromDisk(own)
    else { return false }
    return after - before >= 1 << 20
  }()

  /// Has a file's bytes leave the memory for the disk.
  private static func forget(_ path: String) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try handle.synchronize()
    let error = posix_fadvise(handle.fileDescriptor, 0, 0, POSIX_FADV_DONTNEED)
    try handle.close()
    try #require(error == 0)
  }

  /// Writes a file's bytes behind its header: holes are never read from a disk.
  private static func fillHoles(of path: String, bytes: Int) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try handle.seek(toOffset: 4096)
    let block = Data((0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 151 >> 3) })
    for _ in 1..<bytes / block.count { try handle.write(contentsOf: block) }
    try handle.close()
  }

  /// What the kernel says that a process had read from disks.
  private static func bytesReadFromDisk(_ process: Int32) throws -> Int {
    let text = String(decoding: try Repository.read("/proc/\(process)/io"), as: UTF8.self)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("read_bytes: ") })
    return try #require(Int(line.dropFirst("read_bytes: ".count)))
  }

  /// Connects all, has all ask, then has each receive `expected`: the first hundred look at every byte, the others count them.
  private func ask(_ daemon: Daemon, _ target: String, _ expected: [UInt8]) throws {
    let connections = try (0..<ColdPartitionTests.clients).map { _ in try daemon.connect(receiveBuffer: 65_536) }
    for connection in connections { try connection.send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n") }
    for connection in connections.prefix(100) { #expect(try connection.answer().body == expected) }
    for connection in connections.dropFirst(100) {
      #expect(try connection.head().status == 200)
      #expect(try connection.skipBody(expected.count) == expected.count)
    }
  }

  @Test func aThousandClientsCostOneExecution() throws {
    try #require(ccurl_allow_descriptors(8192) >= 4096)
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoints.large(in: folder, bytes: 4 << 20)
    let expected = try Daemon.run([checkpoint]) { try $0.get("/shard?rank=0&mp=1").body }
    let environment = CacheSettings(folder).environment.merging(ColdPartitionTests.patience) { $1 }
    try Daemon.run([checkpoint], environment: environment) { daemon in
      try ask(daemon, "/shard?rank=0&mp=1", expected)
      #expect(try daemon.cacheNumber("executions") == 1)
      #expect(try daemon.cacheNumber("misses") == 1)
      #expect(try daemon.cacheNumber("hits") == ColdPartitionTests.clients - 1)
      #expect(try daemon.cacheNumber("errors") == 0)
    }
  }

  @Test(.enabled(if: countsReads, "temporary folders are in memory, or reads are not counted here"))
  func aThousandClientsHaveTheSourceReadOnce() throws {
    try #require(ccurl_allow_descriptors(8192) >= 4096)
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoints.large(in: folder, bytes: 16 << 20)
    let file = "\(checkpoint)/model.safetensors"
    try ColdPartitionTests.fillHoles(of: file, bytes: 16 << 20)
    let environment = ColdPartitionTests.patience.merging(["WEIGHT_SERVER_CACHE_MODE": "never"]) { $1 }
    let expected = try Daemon.run([checkpoint], environment: environment) { try $0.get("/shard?rank=1&mp=2").body }
    try ColdPartitionTests.forget(file)
    try Daemon.run([checkpoint], environment: environment) { daemon in
      let before = try ColdPartitionTests.bytesReadFromDisk(daemon.process.identifier)
      try ask(daemon, "/shard?rank=1&mp=2", expected)
      let read = try ColdPartitionTests.bytesReadFromDisk(daemon.process.identifier) - before
      #expect(read >= expected.count / 2, "the file was in memory all the same")
      #expect(read * 100 <= expected.count * 105, "\(read) bytes were read for \(expected.count)")
    }
  }
}
