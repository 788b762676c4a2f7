import Testing
import Transport

@testable import WeightServerClient

@Suite struct TransferStateMachineTests {
  typealias Machine = TransferStateMachine
  typealias Event = TransferStateMachine.Event
  typealias Action = TransferStateMachine.Action

  static let down = WeightClientError(.connection, .unavailable, "cut")
  static let refused = WeightClientError(.server, .invalidArgument, "rank")
  let policy = RetryPolicy(attempts: 2, firstDelay: .zero, longestDelay: .zero)

  func machine(resuming content: TransferContent? = nil, at position: Int = 0, pinned: String? = nil) -> Machine {
    Machine(policy: policy, seed: 1, resuming: content, position: position, pinnedRevision: pinned)
  }

  func content(_ name: String, length: Int = 100, revision: String? = nil) throws -> TransferContent {
    TransferContent(tag: try tag(name), length: length, revision: revision)
  }

  func expect(_ machine: inout Machine, _ event: Event, _ actions: [Action], _ line: SourceLocation = #_sourceLocation)
  {
    #expect(machine.handle(event) == actions, sourceLocation: line)
  }

  @Test func aWholeTransfer() throws {
    let content = try content("a")
    var machine = machine()
    expect(&machine, .start, [.request(nil)])
    expect(&machine, .head(TransferHead(content: content)), [.prepare(content), .receive(0..<100)])
    expect(&machine, .received(60), [])
    expect(&machine, .received(40), [])
    expect(&machine, .bodyEnded, [.verify(content)])
    expect(&machine, .verified, [.finish(content)])
    #expect(machine.attempts == 1)
  }

  @Test func aCutIsGoneOnWithFromWhereItWas() throws {
    let content = try content("a")
    var machine = machine()
    _ = machine.handle(.start)
    _ = machine.handle(.head(TransferHead(content: content)))
    _ = machine.handle(.received(60))
    expect(&machine, .failed(Self.down), [.wait(.zero)])
    expect(&machine, .waited, [.request(.init(offset: 60, tag: try tag("a")))])
    expect(&machine, .head(TransferHead(content: content, range: 60..<100)), [.receive(60..<100)])
    expect(&machine, .received(40), [])
    expect(&machine, .bodyEnded, [.verify(content)])
  }

  @Test func aWholeAnswerToAResumeStartsOver() throws {
    let (old, new) = (try content("a"), try content("b", length: 50))
    var machine = machine(resuming: old, at: 60)
    expect(&machine, .start, [.request(.init(offset: 60, tag: try tag("a")))])
    expect(&machine, .head(TransferHead(content: new)), [.prepare(new), .receive(0..<50)])
    #expect(machine.position == 0)
  }

  @Test(arguments: ["tag", "length", "range", "no tag", "weak"])
  func aPartOfAnotherContentIsNeverStored(what: String) throws {
    let old = try content("a")
    var part = TransferHead(content: old, range: 60..<100)
    switch what {
    case "tag": part = TransferHead(content: try content("b"), range: 60..<100)
    case "length": part = TransferHead(content: try content("a", length: 101), range: 60..<101)
    case "range": part = TransferHead(content: old, range: 59..<100)
    case "no tag": part = TransferHead(content: TransferContent(tag: nil, length: 100), range: 60..<100)
    default:
      part = TransferHead(content: TransferContent(tag: try tag("a", isWeak: true), length: 100), range: 60..<100)
    }
    var machine = machine(resuming: old, at: 60)
    _ = machine.handle(.start)
    expect(&machine, .head(part), [.discard, .request(nil)])
    #expect(machine.position == 0)
    expect(&machine, .head(TransferHead(content: old)), [.prepare(old), .receive(0..<100)])
  }

  @Test func aPartThatNobodyAskedForIsNotStored() throws {
    var machine = machine()
    _ = machine.handle(.start)
    expect(&machine, .head(TransferHead(content: try content("a"), range: 0..<100)), [.discard, .request(nil)])
  }

  @Test func aRangeBeyondTheEndStartsOver() throws {
    var machine = machine(resuming: try content("a"), at: 60)
    _ = machine.handle(.start)
    let error = WeightClientError(.server, .outOfRange, "beyond", status: 416)
    expect(&machine, .failed(error), [.discard, .request(nil)])
    expect(&machine, .failed(error), [.fail(error, keepsPartial: false)])
  }

  @Test func aWholeJournaledContentAsksForItsLastByte() throws {
    let content = try content("a")
    var machine = machine(resuming: content, at: 100)
    expect(&machine, .start, [.request(.init(offset: 99, tag: try tag("a")))])
    expect(&machine, .head(TransferHead(content: content, range: 99..<100)), [.receive(99..<100)])
    expect(&machine, .received(1), [])
    expect(&machine, .bodyEnded, [.verify(content)])
  }

  @Test(arguments: [true, false])
  func withoutAStrongTagACutStartsOver(hasWeakTag: Bool) throws {
    let content = TransferContent(tag: hasWeakTag ? try tag("a", isWeak: true) : nil, length: 100)
    var machine = machine()
    _ = machine.handle(.start)
    _ = machine.handle(.head(TransferHead(content: content)))
    _ = machine.handle(.received(60))
    expect(&machine, .failed(Self.down), [.wait(.zero)])
    expect(&machine, .waited, [.request(nil)])
    expect(&machine, .head(TransferHead(content: content)), [.prepare(content), .receive(0..<100)])
    _ = machine.handle(.received(1))
    expect(&machine, .failed(Self.refused), [.fail(Self.refused, keepsPartial: false)])
  }

  @Test func failuresInARowWithoutAByteEndIt() throws {
    var machine = machine(resuming: try content("a"), at: 60)
    _ = machine.handle(.start)
    expect(&machine, .failed(Self.down), [.wait(.zero)])
    _ = machine.handle(.waited)
    expect(&machine, .failed(Self.down), [.fail(Self.down, keepsPartial: true)])
    expect(&machine, .start, [])
  }

  @Test(arguments: WeightClientError.Code.allCases)
  func aRefusalThatEndsTheContentLeavesNothing(code: WeightClientError.Code) throws {
    let error = WeightClientError(.server, code, "no")
    guard !error.isRetryable, code != .outOfRange else { return }
    var machine = machine(resuming: try content("a"), at: 60)
    _ = machine.handle(.start)
    let ends: [WeightClientError.Code] = [.invalidArgument, .notFound, .failedPrecondition, .unimplemented, .dataLoss]
    expect(&machine, .failed(error), [.fail(error, keepsPartial: !ends.contains(code))])
  }

  @Test func cancellationKeepsWhatCanBeResumed() throws {
    var machine = machine(resuming: try content("a"), at: 60)
    _ = machine.handle(.start)
    expect(&machine, .failed(.canceled), [.fail(.canceled, keepsPartial: true)])
    var fresh = self.machine()
    _ = fresh.handle(.start)
    expect(&fresh, .failed(.canceled), [.fail(.canceled, keepsPartial: false)])
  }

  @Test func aRejectedContentLeavesNothing() throws {
    let content = try content("a")
    var machine = machine()
    _ = machine.handle(.start)
    _ = machine.handle(.head(TransferHead(content: content)))
    _ = machine.handle(.received(100))
    _ = machine.handle(.bodyEnded)
    let error = WeightClientError(.content, .dataLoss, "digest")
    expect(&machine, .rejected(error), [.fail(error, keepsPartial: false)])
  }

  @Test func anotherRevisionThanThePinnedOneIsRefused() throws {
    var machine = machine(pinned: "r1")
    _ = machine.handle(.start)
    let actions = machine.handle(.head(TransferHead(content: try content("a", revision: "r2"))))
    guard case .fail(let error, false) = actions.first else {
      Issue.record("\(actions)")
      return
    }
    #expect(error.code == .aborted)
  }

  @Test func contentThatNeverSettlesEndsIt() throws {
    var machine = machine()
    _ = machine.handle(.start)
    var isEnded = false
    for round in 0..<100 where !isEnded {
      let actions = machine.handle(.head(TransferHead(content: try content("\(round)"))))
      if case .fail(let error, _) = actions.last {
        #expect(error.code == .aborted)
        isEnded = true
        continue
      }
      _ = machine.handle(.received(1))
      _ = machine.handle(.failed(Self.down))
      _ = machine.handle(.waited)
    }
    #expect(isEnded)
  }
}
