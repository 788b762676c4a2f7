import WeightServerClient

/// The state of a pull of one or several ranks, and the line that shows it. It has no clock and no terminal: times are given to it
/// as seconds since the pull began.
struct ProgressMeter: Sendable {
  private let ranks: [Int]
  private let mp: Int
  private var progress: [Int: TransferProgress] = [:]
  /// Bytes fetched so far at some moments of the last seconds, oldest first.
  private var samples: [(time: Double, bytes: Int)] = []

  /// Seconds over which the rate is taken.
  private static let window = 5.0

  /// A meter for some ranks of an mp.
  init(ranks: [Int], mp: Int) {
    self.ranks = ranks
    self.mp = mp
  }

  /// Takes in how far a rank has come.
  mutating func update(rank: Int, _ state: TransferProgress, at time: Double) {
    progress[rank] = state
    samples.append((time, fetched))
    // Two samples stay, so that a slow transfer has a rate too.
    while samples.count > 2, samples[1].time <= time - ProgressMeter.window { samples.removeFirst() }
  }

  /// Bytes stored, those of earlier pulls among them.
  var stored: Int { progress.values.reduce(0) { $0 + $1.stored } }

  private var fetched: Int { progress.values.reduce(0) { $0 + $1.stored - $1.resumedFrom } }

  /// The part that is done, 0 to 1. The ranks of a group are of nearly one size, so each that has not begun counts as one.
  var fraction: Double {
    let sum = progress.values.reduce(0.0) { $0 + ($1.total > 0 ? Double($1.stored) / Double($1.total) : 0) }
    return ranks.isEmpty ? 1 : sum / Double(ranks.count)
  }

  /// Bytes a second over the last seconds; nil before there are two moments.
  var rate: Double? {
    guard let first = samples.first, let last = samples.last, last.time > first.time else { return nil }
    return Double(max(last.bytes - first.bytes, 0)) / (last.time - first.time)
  }

  /// Bytes of all ranks: those not known yet as the mean of those known.
  private var total: Double? {
    guard !progress.isEmpty else { return nil }
    let known = progress.values.reduce(0.0) { $0 + Double($1.total) }
    return known / Double(progress.count) * Double(ranks.count)
  }

  /// Seconds to the end at the present rate.
  var remaining: Double? {
    guard let rate, rate > 0, let total else { return nil }
    return max(total - Double(stored), 0) / rate
  }

  private var title: String {
    guard ranks.count > 1 else { return "rank \(ranks.first ?? 0) of \(mp)" }
    let done = progress.values.count { $0.stored == $0.total }
    return "\(done)/\(ranks.count) ranks"
  }

  private var figures: String {
    let percent = Int((fraction * 100).rounded(.down))
    let size = HumanText.bytes(Double(stored)) + (total.map { " of " + HumanText.bytes($0) } ?? "")
    let speed = rate.map { HumanText.bytes($0) + "/s" } ?? "-"
    return "\(HumanText.right("\(percent)", 3)) %  \(size)  \(speed)  ETA \(HumanText.time(remaining))"
  }

  /// The line without a bar, where there is no room for one.
  var plainLine: String { "\(title)  \(figures)" }

  /// The line with a bar, one column short of `columns`, which keeps terminals from wrapping; without one where there is no room for it.
  func line(columns: Int) -> String {
    let room = columns - title.count - figures.count - 7
    guard room >= 8 else { return String(plainLine.prefix(max(columns - 1, 0))) }
    let width = min(room, 40)
    let filled = min(Int(fraction * Double(width)), width)
    let head = filled < width ? ">" : ""
    let bar = String(repeating: "=", count: filled) + head + String(repeating: " ", count: width - filled - head.count)
    return "\(title)  [\(bar)]  \(figures)"
  }
}
