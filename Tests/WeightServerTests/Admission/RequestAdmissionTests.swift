import HTTPTypes
import Testing
import Transport

@testable import WeightServer

@Suite struct RequestAdmissionTests {
  private static func request(_ load: ClientLoad) throws -> Request {
    var fields = HTTPFields()
    fields[try #require(HTTPField.Name("Host"))] = "h"
    let target = try RequestTarget(Array("/".utf8), method: .get)
    return Request(head: try RequestHead(method: .get, target: target, version: .http11, fields: fields), load: load)
  }

  @Test func eachLimitIsExactAndWhatIsOpenIsAlwaysAnswered() throws {
    let meter = LimitMeter()
    let admission = RequestAdmission(limit: 3, clientLimit: 2, meter: meter)
    let one = try Self.request(ClientLoad())
    let other = try Self.request(ClientLoad())
    let first = try #require(try admission.begin(one, .read))
    _ = try #require(try admission.begin(one, .admin))
    let own = #expect(throws: StatusError.self) { try admission.begin(one, .read) }
    #expect(own?.limit == .requestsPerAddress && own?.status.code == 429 && own?.responseFields[.retryAfter] != nil)
    _ = try #require(try admission.begin(other, .read))
    let all = #expect(throws: StatusError.self) { try admission.begin(other, .read) }
    #expect(all?.limit == .requests)
    #expect(try admission.begin(other, .open) == nil)
    #expect(admission.inFlight == 3)
    first.end()
    #expect(admission.inFlight == 2)
    #expect(throws: Never.self) { try admission.begin(one, .read) }
    #expect(meter.counts[.requests] == 1 && meter.counts[.requestsPerAddress] == 1)
  }

  @Test func aPermitCountsAsLongAsItIsHeld() throws {
    let executions = ExecutionLimit(limit: 2)
    let request = try Self.request(ClientLoad())
    var permits = [try executions.begin(beside: 0, for: request), try executions.begin(beside: 0, for: request)]
    #expect(throws: StatusError.self) { try executions.begin(beside: 0, for: request) }
    #expect(executions.running == 2)
    permits.removeLast()
    #expect(throws: StatusError.self) { try executions.begin(beside: 1, for: request) }
    permits.append(try executions.begin(beside: 0, for: request))
    permits.removeAll()
    #expect(executions.running == 0)
  }

  @Test func aFloodIsOneLineASecond() {
    var throttle = LogThrottle()
    let start = ContinuousClock.now
    #expect(throttle.note(at: start) == 1)
    for _ in 0..<9 { #expect(throttle.note(at: start + .milliseconds(999)) == nil) }
    #expect(throttle.note(at: start + .seconds(1)) == 10)
    #expect(throttle.note(at: start + .seconds(2)) == 1)
  }
}
