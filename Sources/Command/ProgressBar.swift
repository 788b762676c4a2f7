import Platform
import Synchronization
import WeightServerClient

/// Writes the progress of a pull to standard error: a line that is drawn over, on a terminal; else a plain line now and then.
final class ProgressBar: Sendable {
  private struct State {
    var meter: ProgressMeter
    var lastDrawn: Double?
    var isDrawn = false
  }

  private let state: Mutex<State>
  private let isTerminal: Bool
  private let start = ContinuousClock.now

  /// Seconds between two drawings, on a terminal and elsewhere.
  private static let intervals = (terminal: 0.1, plain: 10.0)

  /// A bar for some ranks of an mp.
  init(ranks: [Int], mp: Int, isTerminal: Bool = Terminal.isTerminal(.error)) {
    state = Mutex(State(meter: ProgressMeter(ranks: ranks, mp: mp)))
    self.isTerminal = isTerminal
  }

  /// Takes in how far a rank has come, and draws where it is time to.
  func update(rank: Int, _ progress: TransferProgress) {
    let now = start.duration(to: .now).inSeconds
    let isTerminal = isTerminal
    state.withLock { state in
      state.meter.update(rank: rank, progress, at: now)
      let interval = isTerminal ? ProgressBar.intervals.terminal : ProgressBar.intervals.plain
      guard now - (state.lastDrawn ?? (isTerminal ? -1 : 0)) >= interval else { return }
      state.lastDrawn = now
      ProgressBar.draw(&state, isTerminal: isTerminal)
    }
  }

  /// Draws the last state and leaves the line.
  func finish() {
    let isTerminal = isTerminal
    state.withLock { state in
      guard isTerminal, state.isDrawn else { return }
      ProgressBar.draw(&state, isTerminal: true)
      Terminal.write("\n", to: .error)
      state.isDrawn = false
    }
  }

  private static func draw(_ state: inout State, isTerminal: Bool) {
    guard isTerminal else {
      Terminal.write(state.meter.plainLine + "\n", to: .error)
      return
    }
    // Back to the line's start, the line, and what the last one had more erased (ECMA-48, EL).
    Terminal.write("\r" + state.meter.line(columns: Terminal.columns(.error) ?? 80) + "\u{1B}[K", to: .error)
    state.isDrawn = true
  }
}
