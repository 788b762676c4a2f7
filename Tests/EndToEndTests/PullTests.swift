import Foundation
import Testing

/// `weight-server pull` against the daemon.
@Suite struct PullTests {
  @Test func ranksArePulledWhole() throws {
    let folder = try TemporaryFolder()
    try Daemon.run { daemon in
      let command = try Command("pull", "--mp", "4", "--ranks", "0-3", "-o", "\(folder.path)/", "--json", daemon.url)
      #expect(command.status == 0, "\(command.errors)")
      let result = try JSON([UInt8](command.output.utf8))
      #expect(result["files"]?.elements?.count == 4)
      for rank in 0..<4 {
        let answer = try daemon.get("/shard?rank=\(rank)&mp=4")
        #expect(result["revision"]?.text == answer["X-Manifest-Revision"])
        #expect(result["files"]?[rank]?["bytes"]?.integer == answer.body.count)
        #expect(try Repository.read("\(folder.path)/gpt2-tiny-rank-\(rank)-of-4.safetensors") == answer.body)
      }
      #expect(try folder.names().count == 4, "nothing else stays")
    }
  }

  @Test func aUnixSocketIsPulledFrom() throws {
    let folder = try TemporaryFolder()
    try Daemon.run(listen: ["unix:\(folder.path)/ws.sock"]) { daemon in
      let file = "\(folder.path)/part.safetensors"
      let command = try Command("pull", "--mp", "2", "--rank", "1", "-o", file, "unix:\(folder.path)/ws.sock")
      #expect(command.status == 0, "\(command.errors)")
      #expect(try Repository.read(file) == daemon.get("/shard?rank=1&mp=2").body)
    }
  }

  @Test func aRefusalOfTheServerIsToldWithItsStatus() throws {
    let folder = try TemporaryFolder()
    try Daemon.run { daemon in
      for (arguments, status, words) in [
        (["--mp", "4", "--rank", "4"], 64, "ranks are 0...3"), (["--mp", "3", "--rank", "0"], 64, "1, 2, 4, 8"),
        (["--mp", "2", "--rank", "0", "--model", "gpt3"], 66, "gpt3"),
        (["--mp", "2", "--rank", "0", "--revision", "abc"], 64, "abc"),
      ] as [([String], Int32, String)] {
        let process = try ChildProcess(["pull"] + arguments + ["-o", "\(folder.path)/x", daemon.url])
        #expect(try process.exitStatus() == status, "\(arguments): \(process.errors)")
        #expect(process.errors.contains(words), "\(arguments): \(process.errors)")
      }
      #expect(try folder.names() == [])
    }
  }

  @Test func aPullThatWasCutGoesOnWhereItWas() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoints.large(in: folder, bytes: 192 << 20)
    let target = "\(folder.path)/out.safetensors"
    let arguments = ["pull", "--mp", "1", "--rank", "0", "-o", target, "--json"]
    try Daemon.run([checkpoint]) { daemon in
      // A pull may be whole before it is killed; then it is begun anew.
      for _ in 0..<20 {
        let pull = try ChildProcess(arguments + [daemon.url])
        let journal = "\(folder.path)/.out.safetensors.partial.json"
        while PullTests.stored(journal) < 64 << 20, !FileManager.default.fileExists(atPath: target) {}
        kill(pull.identifier, SIGKILL)
        _ = try pull.exitStatus()
        if !FileManager.default.fileExists(atPath: target) { break }
        try FileManager.default.removeItem(atPath: target)
      }
      let pull = try Command("pull", "--mp", "1", "--rank", "0", "-o", target, "--json", daemon.url)
      #expect(pull.status == 0, "\(pull.errors)")
      let file = try #require(try JSON([UInt8](pull.output.utf8))["files"]?[0])
      #expect(try #require(file["resumed_from"]?.integer) >= 64 << 20)
      #expect(try Repository.read(target) == daemon.get("/shard?rank=0&mp=1").body)
    }
  }

  /// Bytes that a journal says are stored.
  private static func stored(_ journal: String) -> Int {
    (try? JSON(Repository.read(journal)))?["stored"]?.integer ?? 0
  }
}
