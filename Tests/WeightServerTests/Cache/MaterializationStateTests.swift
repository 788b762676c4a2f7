import Loader
import Testing

@testable import WeightServer

@Suite struct MaterializationStateTests {
  @Test func whoeverWaitsIsToldOnceWhenThereIsMore() {
    var state = MaterializationState<Int>()
    expect(state.wait(behind: 0, 1), false)
    expect(state.wait(behind: 0, 2), false)
    expect(state.advanced(to: 100), [1, 2])
    expect(state.advanced(to: 200), [])
    #expect(state.watermark == 200)
  }

  @Test func whatIsThereIsNotWaitedFor() {
    var state = MaterializationState<Int>()
    expect(state.advanced(to: 100), [])
    expect(state.wait(behind: 99, 1), true)
    expect(state.wait(behind: 100, 2), false)
    expect(state.advanced(to: 50), [])
    #expect(state.watermark == 100)
  }

  @Test func theEndIsToldToAllAndIsTheEnd() {
    var state = MaterializationState<Int>()
    expect(state.wait(behind: 0, 1), false)
    expect(state.ended(.failed(LoaderError(.dataLoss, "changed"))), [1])
    expect(state.ended(.stored), [])
    guard case .failed = state.phase else {
      Issue.record("the first end counts, not \(state.phase)")
      return
    }
    expect(state.wait(behind: 1 << 40, 2), true)
  }
}
