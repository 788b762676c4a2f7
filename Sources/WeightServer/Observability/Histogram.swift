import Platform
import Synchronization

/// A number that many threads count up.
final class Counter: Sendable {
  private let number = Atomic(0)

  /// The count now.
  var value: Int { number.load(ordering: .relaxed) }

  /// Counts; a negative number counts back.
  func count(_ amount: Int = 1) { number.wrappingAdd(amount, ordering: .relaxed) }
}

/// Times by how long they were, in few classes: two additions an observation.
final class Histogram: Sendable {
  /// The upper bounds of the classes in seconds, without the last one, which has none.
  let bounds: [Double]
  private let classes: [Counter]
  private let nanoseconds = Counter()

  /// Classes for transfers: from what is in memory already to what fills a slow line for half an hour.
  static let transferBounds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800]
  /// Classes for the wait before an answer begins: planning takes milliseconds, a first byte that has to be made longer.
  static let waitBounds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

  init(bounds: [Double]) {
    self.bounds = bounds
    classes = (0...bounds.count).map { _ in Counter() }
  }

  /// Counts a time.
  func observe(_ duration: Duration) {
    let time = duration.inNanoseconds
    let seconds = Double(time) / 1_000_000_000
    // The classes are few, and most times are short.
    let index = bounds.firstIndex { seconds <= $0 } ?? bounds.count
    classes[index].count()
    nanoseconds.count(time)
  }

  /// What was counted so far.
  struct Snapshot: Hashable, Sendable {
    /// The upper bounds of the classes in seconds.
    let bounds: [Double]
    /// How many times were at most as long as each bound, and last how many there were.
    let cumulative: [Int]
    /// All times together, in seconds.
    let sum: Double

    /// How many times were counted.
    var count: Int { cumulative.last ?? 0 }
  }

  /// What was counted so far. The count is that of the classes, so that the two never disagree.
  var snapshot: Snapshot {
    var total = 0
    let cumulative = classes.map { counter in
      total += counter.value
      return total
    }
    return Snapshot(bounds: bounds, cumulative: cumulative, sum: Double(nanoseconds.value) / 1_000_000_000)
  }
}
