import Loader

/// Times how long a checkpoint's metadata takes to be read, and a partition to be planned, in this process.
///
///     IndexBenchmark CHECKPOINT MP RUNS
///
/// Prints the medians in milliseconds: `index PLAN tensors`.
@main
struct IndexBenchmark {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let mp = Int(arguments[2]), let runs = Int(arguments[3]), runs > 0 else {
      print("usage: IndexBenchmark CHECKPOINT MP RUNS")
      return
    }
    let clock = ContinuousClock()
    var index: [Duration] = []
    var plan: [Duration] = []
    var tensors = 0
    for run in 0..<runs {
      let start = clock.now
      let checkpoint = try CheckpointLoader.load(arguments[1])
      let indexed = clock.now
      let planned = try Planner(checkpoint, PartitionParameters(rank: run % mp, mp: mp)).plan()
      index.append(indexed - start)
      plan.append(clock.now - indexed)
      tensors = planned.tensors.count
    }
    print(milliseconds(index), milliseconds(plan), tensors)
  }

  private static func milliseconds(_ times: [Duration]) -> Double {
    let median = times.sorted()[times.count / 2].components
    return Double(median.seconds) * 1000 + Double(median.attoseconds / 1_000_000_000_000) / 1000
  }
}
