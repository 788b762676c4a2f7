import HTTPTypes
import TestSupport
import Testing

@testable import Transport

/// Each test is a list of events and what they lead to, written as text.
@Suite struct ServerConnectionStateMachineTests {
  static let date = "Thu, 01 Jan 1970 00:00:00 GMT"

  /// A machine, and its actions as text.
  struct Subject {
    var machine: ServerConnectionStateMachine

    init(_ limits: ConnectionLimits = ConnectionLimits()) {
      machine = ServerConnectionStateMachine(limits: limits)
    }

    mutating func receive(_ text: String) -> String {
      describe(machine.received(Array(text.utf8)[...], date: date))
    }

    mutating func respond(_ status: HTTPResponse.Status = .ok, to exchange: UInt64? = nil) -> String {
      machine.respond(Response(status: status), to: exchange ?? machine.exchange, date: date).map(describe) ?? "late"
    }

    mutating func fail(_ code: ErrorCode, in exchange: UInt64? = nil) -> String {
      describe(machine.failed(StatusError(code, "x"), in: exchange ?? machine.exchange, date: date))
    }

    mutating func sent() -> String { describe(machine.sent(date: date)) }
    mutating func end() -> String { describe(machine.receivedEnd()) }
    mutating func timeOut() -> String { describe(machine.timedOut(date: date)) }
    mutating func drain() -> String { describe(machine.drain()) }
    mutating func abort() -> String { describe(machine.abort()) }

    private func describe(_ action: ServerConnectionStateMachine.Action) -> String {
      switch action {
      case .wait: return "wait"
      case .sendContinue: return "continue"
      case .handle(let head, let body):
        return "handle \(head.method) \(head.target.raw) \(String(decoding: body, as: UTF8.self))"
      case .send(let outgoing):
        let head = String(decoding: outgoing.head, as: UTF8.self)
        return "send \(outgoing.status.code)" + (head.contains("Connection: close\r\n") ? " close" : "")
          + (head.contains("Connection: keep-alive\r\n") ? " keep" : "")
          + (outgoing.refusal == nil ? "" : " refusal")
      case .endSending: return "end sending"
      case .close: return "close"
      case .reset: return "reset"
      }
    }
  }

  static let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

  @Test func aKeptConnectionGoesFromRequestToRequest() {
    var subject = Subject()
    #expect(subject.machine.timer == .idle)
    #expect(subject.receive("GET /a HT") == "wait")
    #expect(subject.machine.timer == .head)
    #expect(subject.receive("TP/1.1\r\nHost: h\r\n\r\n") == "handle GET /a ")
    #expect(subject.machine.timer == nil)
    #expect(subject.machine.wantsInput)
    #expect(subject.respond() == "send 200")
    #expect(subject.machine.timer == .sending)
    subject.machine.began()
    #expect(subject.sent() == "wait")
    #expect(subject.machine.timer == .idle)
    #expect(subject.receive(Self.get) == "handle GET /a ")
    #expect(subject.machine.exchange == 2)
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "send 200 close", "end sending"),
    ("GET / HTTP/1.0\r\n\r\n", "send 200 close", "end sending"),
    ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "send 200 keep", "wait"),
  ])
  func whatTheClientWantsDecidesWhatFollows(request: String, sent: String, followed: String) {
    var subject = Subject()
    _ = subject.receive(request)
    #expect(subject.respond() == sent)
    #expect(subject.sent() == followed)
    #expect(subject.machine.timer == (followed == "wait" ? .idle : .lingering))
  }

  @Test func aPipelinedRequestWaitsForTheAnswerBefore() {
    var limits = ConnectionLimits()
    limits.pipelineBytes = 60
    var subject = Subject(limits)
    #expect(subject.receive(Self.get + "GET /b HTTP/1.1\r\nHost: h\r\n\r\nGET") == "handle GET /a ")
    #expect(subject.machine.wantsInput)
    #expect(subject.receive(" /c HTTP/1.1\r\nHost: h\r\nA: bcdefghijk\r\n\r\n") == "wait")
    #expect(!subject.machine.wantsInput)
    #expect(subject.respond() == "send 200")
    #expect(subject.sent() == "handle GET /b ")
    #expect(subject.machine.wantsInput)
    #expect(subject.respond() == "send 200")
    #expect(subject.sent() == "handle GET /c ")
  }

  @Test func bodiesAreCollected() {
    var subject = Subject()
    #expect(subject.receive("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe") == "wait")
    #expect(subject.machine.timer == .body)
    #expect(subject.receive("l") == "wait")
    #expect(subject.receive("lo" + Self.get) == "handle PUT /a hello")
    #expect(subject.respond() == "send 200")
    #expect(subject.sent() == "handle GET /a ")
    #expect(subject.respond() == "send 200")
    #expect(subject.sent() == "wait")
    let chunked = "PUT /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    #expect(subject.receive(chunked) == "handle PUT /b abc")
  }

  @Test func aClientIsToldToContinueOnlyWhileItWaits() {
    let head = "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    var subject = Subject()
    #expect(subject.receive(head) == "continue")
    #expect(subject.receive("ab") == "handle PUT /a ab")
    var eager = Subject()
    #expect(eager.receive(head + "a") == "wait")
    var limits = ConnectionLimits()
    limits.bodyBytes = 1
    var refused = Subject(limits)
    #expect(refused.receive(head) == "send 413 close refusal")
  }

  @Test func aBodyBeyondTheLimitIsRefused() {
    var limits = ConnectionLimits()
    limits.bodyBytes = 4
    for (framing, body) in [("Content-Length: 5", ""), ("Transfer-Encoding: chunked", "3\r\nabc\r\n2\r\nde\r\n")] {
      var subject = Subject(limits)
      #expect(subject.receive("PUT / HTTP/1.1\r\nHost: h\r\n\(framing)\r\n\r\n\(body)") == "send 413 close refusal")
      #expect(subject.sent() == "end sending")
    }
  }

  @Test func afterARefusalInputIsThrownAwayWithinLimits() {
    var limits = ConnectionLimits()
    limits.lingeringBytes = 10
    var subject = Subject(limits)
    #expect(subject.receive("rubbish\r\n") == "send 400 close refusal")
    #expect(subject.receive("while it is sent") == "wait")
    #expect(subject.sent() == "end sending")
    #expect(subject.machine.wantsInput)
    #expect(subject.receive("0123456789") == "wait")
    #expect(subject.receive("0") == "close")
    #expect(subject.machine.isClosed)
    #expect(subject.receive(Self.get) == "wait")
  }

  @Test func lingeringEndsWithTheClientOrTheTime() {
    var first = Subject()
    _ = first.receive("rubbish\r\n")
    _ = first.sent()
    #expect(first.end() == "close")
    var second = Subject()
    _ = second.receive("rubbish\r\n")
    _ = second.sent()
    #expect(second.timeOut() == "close")
  }

  @Test func theEndOfInputClosesUnlessAnswersAreOwed() {
    var idle = Subject()
    #expect(idle.end() == "close")
    var partial = Subject()
    _ = partial.receive("GET ")
    #expect(partial.end() == "close")
    var owing = Subject()
    _ = owing.receive(Self.get + Self.get + "GET")
    #expect(owing.end() == "wait")
    #expect(!owing.machine.wantsInput)
    #expect(owing.respond() == "send 200")
    #expect(owing.sent() == "handle GET /a ")
    #expect(owing.respond() == "send 200")
    #expect(owing.sent() == "close")
    var last = Subject()
    _ = last.receive(Self.get)
    _ = last.end()
    #expect(last.respond() == "send 200 close")
    #expect(last.sent() == "close")
  }

  @Test func eachTimeHasItsOwnEnd() {
    var idle = Subject()
    #expect(idle.timeOut() == "close")
    var head = Subject()
    _ = head.receive("G")
    #expect(head.timeOut() == "send 408 close refusal")
    var body = Subject()
    _ = body.receive("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n")
    #expect(body.timeOut() == "send 408 close refusal")
    var sending = Subject()
    _ = sending.receive(Self.get)
    #expect(sending.timeOut() == "wait")
    _ = sending.respond()
    #expect(sending.timeOut() == "reset")
  }

  @Test func aFailureIsAnAnswerUntilTheFirstByteHasLeft() {
    var subject = Subject()
    _ = subject.receive(Self.get)
    _ = subject.respond()
    #expect(subject.fail(.dataLoss) == "send 500")
    subject.machine.began()
    #expect(subject.fail(.deadlineExceeded) == "reset")
    #expect(subject.fail(.deadlineExceeded) == "wait")
  }

  @Test func aDeadlineAnswersForTheHandlerWhoseAnswerIsThenLate() {
    var subject = Subject()
    _ = subject.receive(Self.get)
    #expect(subject.fail(.deadlineExceeded, in: 7) == "wait")
    #expect(subject.fail(.deadlineExceeded) == "send 504")
    #expect(subject.respond() == "late")
    #expect(subject.sent() == "wait")
    #expect(subject.respond() == "late")
    _ = subject.receive(Self.get)
    #expect(subject.respond(to: 1) == "late")
    #expect(subject.fail(.deadlineExceeded, in: 1) == "wait")
    #expect(subject.respond(to: 2) == "send 200")
  }

  @Test func drainingMakesTheCurrentRequestTheLast() {
    var idle = Subject()
    #expect(idle.drain() == "close")
    var partial = Subject()
    _ = partial.receive("GET /a HTTP/1.1\r\n")
    #expect(partial.drain() == "wait")
    #expect(partial.receive("Host: h\r\n\r\n") == "handle GET /a ")
    #expect(partial.respond() == "send 200 close")
    #expect(partial.sent() == "end sending")
    var sending = Subject()
    _ = sending.receive(Self.get)
    _ = sending.respond()
    #expect(sending.drain() == "wait")
    #expect(sending.sent() == "end sending")
  }

  @Test func onlyWhatIsNotWholeIsResetWhenTheServerGivesUp() {
    var idle = Subject()
    #expect(idle.abort() == "close")
    var handling = Subject()
    _ = handling.receive(Self.get)
    #expect(handling.abort() == "reset")
    #expect(handling.abort() == "wait")
    var sending = Subject()
    _ = sending.receive(Self.get)
    _ = sending.respond()
    #expect(sending.abort() == "reset")
    var lingering = Subject()
    _ = lingering.receive("rubbish\r\n")
    _ = lingering.sent()
    #expect(lingering.abort() == "close")
  }

  @Test func aRefusalIsNotAnsweredByAnEarlierDeadline() {
    var subject = Subject()
    _ = subject.receive(Self.get)
    _ = subject.respond()
    _ = subject.sent()
    #expect(subject.receive("rubbish\r\n") == "send 400 close refusal")
    #expect(subject.fail(.deadlineExceeded, in: 1) == "wait")
  }

  @Test func aRefusedConnectionIsAnsweredOnce() {
    var machine = ServerConnectionStateMachine(limits: ConnectionLimits())
    guard case .send(let outgoing) = machine.refuse(StatusError(.resourceExhausted, "full"), date: Self.date) else {
      Issue.record("no answer")
      return
    }
    #expect(String(decoding: outgoing.head, as: UTF8.self).hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
    guard case .endSending = machine.sent(date: Self.date) else {
      Issue.record("the connection is kept")
      return
    }
  }

  @Test func noStreamOfEventsTraps() {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    let texts = [
      Self.get, "GET ", "/ HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n",
      "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", "abc",
    ]
    for _ in 0..<500 {
      var subject = Subject()
      for _ in 0..<30 {
        switch Int.random(in: 0..<9, using: &generator) {
        case 0...2: _ = subject.receive(texts.randomElement(using: &generator) ?? "")
        case 3...4: _ = subject.respond()
        case 5: subject.machine.began()
        case 6: _ = subject.sent()
        case 7: _ = subject.fail(.dataLoss)
        default: _ = Bool.random(using: &generator) ? subject.timeOut() : subject.end()
        }
        #expect(!(subject.machine.isClosed && subject.machine.wantsInput), "seed \(seed)")
      }
    }
  }
}
