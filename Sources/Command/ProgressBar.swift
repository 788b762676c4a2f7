import Platform
import Synchronization
import WeightServerClient

/// Draws the progress of a pull on standard error, a line that is drawn over; nothing where that is no terminal.
final class ProgressBar: Sendable {
  private struct State {
    var meter: ProgressMeter
    var lastDrawn = -1.0
    var isDrawn = false
  }

  private let state: Mutex<State>
  private let isShown: Bool
  private let start = ContinuousClock.now

  /// Seconds between two drawings.
  private static let interval = 0.1

  /// A bar for some ranks of an mp.
  init(ranks: [Int], mp: Int, isShown: Bool) {
    state = Mutex(State(meter: ProgressMeter(ranks: ranks, mp: mp)))
    self.isShown = isShown
  }

  /// Takes in how far a rank has come, and draws where it is time to.
  func update(rank: Int, _ progress: TransferProgress) {
    guard isShown else { return }
    let now = start.duration(to: .now).inSeconds
    state.withLock { state in
      state.meter.update(rank: rank, progress, at: now)
      guard now - state.lastDrawn >= ProgressBar.interval else { return }
      state.lastDrawn = now
      ProgressBar.draw(&state)
    }
  }

  /// Draws the last state and leaves the line.
  func finish() {
    state.withLock { state in
      guard state.isDrawn else { return }
      ProgressBar.draw(&state)
      Terminal.write("\n", to: .error)
      state.isDrawn = false
    }
  }

  private static func draw(_ state: inout State) {
    // Back to the line's start, the line, and what the last one had more erased (ECMA-48, EL).
    Terminal.write("\r" + state.meter.line(columns: Terminal.columns(.error) ?? 80) + "\u{1B}[K", to: .error)
    state.isDrawn = true
  }
}
