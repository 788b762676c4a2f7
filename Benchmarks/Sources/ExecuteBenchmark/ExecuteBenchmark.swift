import Glibc
import Loader
import Platform

/// Plans partitions of a checkpoint and executes them in this process.
///
/// Reads commands from standard input, and answers each with a line:
///
///     MODE WORKERS MP RANKS CHECKPOINT    ->    SECONDS BYTES
///
/// MODE is `touched`, memory that the command before has touched, or `fresh`, new pages that are given back after the time was
/// taken, or `huge`, the same with huge pages. RANKS are joined by commas. The time is that from the checkpoint's path to the last byte: its metadata are read, each
/// rank is planned and then made by WORKERS threads. MODE `again` is `touched` with the plans that the command before has made, and
/// its open files.
@main
struct ExecuteBenchmark {
  /// Memory of each rank's, for the modes that keep it.
  private static nonisolated(unsafe) var kept: [Int: UnsafeMutableRawBufferPointer] = [:]
  private static nonisolated(unsafe) var bodies: [PartitionBody] = []
  private static nonisolated(unsafe) var fresh: [UnsafeMutableRawBufferPointer] = []

  static func main() throws {
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 5, let workers = Int(words[1]), let mp = Int(words[2]) else {
        throw Usage(description: "MODE WORKERS MP RANKS CHECKPOINT")
      }
      let ranks = words[3].split(separator: ",").compactMap { Int($0) }
      let clock = ContinuousClock()
      let start = clock.now
      if words[0] != "again" || bodies.isEmpty { bodies = try plan(words[4], mp: mp, ranks: ranks) }
      let bytes = try execute(workers: workers, mode: words[0])
      let time = (clock.now - start).components
      giveBack()
      print(Double(time.seconds) + Double(time.attoseconds) * 1e-18, bytes)
      fflush(nil)
    }
  }

  private static func plan(_ path: String, mp: Int, ranks: [Int]) throws -> [PartitionBody] {
    let checkpoint = try CheckpointLoader.load(path)
    let sources = SourceSet(checkpoint.files)
    return try ranks.map { rank in
      PartitionBody(try Planner(checkpoint, PartitionParameters(rank: rank, mp: mp)).plan(), sources: sources)
    }
  }

  private static func execute(workers: Int, mode: String) throws -> Int {
    var bytes = 0
    for body in bodies {
      let length = body.plan.length
      let isFresh = mode == "fresh" || mode == "huge"
      let memory = isFresh ? take(length, isHuge: mode == "huge") : touched(body.plan.parameters.rank, length)
      try body.fill(memory, with: 0..<length, workers: workers)
      bytes += length
      if isFresh { fresh.append(memory) }
    }
    return bytes
  }

  private static func giveBack() {
    for memory in fresh { munmap(memory.baseAddress, memory.count) }
    fresh = []
  }

  private static func touched(_ rank: Int, _ length: Int) -> UnsafeMutableRawBufferPointer {
    if let memory = kept[rank], memory.count == length { return memory }
    let memory = take(length, isHuge: true)
    memory.initializeMemory(as: UInt8.self, repeating: 1)
    if let old = kept.updateValue(memory, forKey: rank) { munmap(old.baseAddress, old.count) }
    return memory
  }

  private static func take(_ length: Int, isHuge: Bool) -> UnsafeMutableRawBufferPointer {
    guard let base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), base != MAP_FAILED
    else { preconditionFailure("no memory for \(length) bytes") }
    if isHuge { madvise(base, length, MADV_HUGEPAGE) }
    return UnsafeMutableRawBufferPointer(start: base, count: length)
  }
}

struct Usage: Error, CustomStringConvertible {
  let description: String
}
