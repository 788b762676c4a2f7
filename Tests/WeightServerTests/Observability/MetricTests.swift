import HTTPTypes
import Testing
import Transport

@testable import WeightServer

@Suite struct MetricTests {
  @Test func namesAreUniqueAndFollowTheConventions() {
    let names = Metric.all.map(\.name)
    #expect(Set(names).count == names.count)
    for metric in Metric.all {
      #expect(metric.name.hasPrefix("weight_server_") || metric.name.hasPrefix("process_"), "\(metric.name)")
      #expect(metric.name.allSatisfy { $0.isLowercase || $0 == "_" }, "\(metric.name)")
      #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
      #expect(metric.kind != .histogram || metric.name.hasSuffix("_seconds"), "\(metric.name)")
      #expect(metric.help.hasSuffix("."), "\(metric.name)")
    }
  }

  @Test func requestsAreCountedByRouteNotByTarget() async throws {
    let sample = Sample()
    for rank in 0..<4 {
      _ = try await sample.get("/shard?rank=\(rank)&mp=4")
    }
    for index in 0..<50 { _ = try await sample.get("/unknown-\(index)") }
    _ = try await sample.get("/shard?rank=4&mp=4")
    let answered = sample.monitor.requests.answered
    #expect(
      answered == [
        .init(route: .shard, method: "GET", status: 200, count: 4),
        .init(route: .shard, method: "GET", status: 400, count: 1),
        .init(route: .other, method: "GET", status: 404, count: 50),
      ])
    #expect(sample.monitor.requests[.shard].inFlight.value == 0)
    #expect(sample.monitor.transfers.current(for: .everything).count == 0)
  }

  @Test func thePageHasEveryFamilyThatHasNumbers() async throws {
    let sample = Sample()
    _ = try await sample.get("/shard?rank=0&mp=2")
    let answer = try await sample.get("/metrics")
    #expect(answer.status == 200)
    #expect(answer.fields[.contentType] == MetricsText.contentType)
    let text = String(decoding: answer.body, as: UTF8.self)
    for line in [
      "weight_server_ready 1", "weight_server_manifests{state=\"ready\"} 1",
      "weight_server_requests_total{route=\"/shard\",method=\"GET\",code=\"200\"} 1",
      "weight_server_response_duration_seconds_count{route=\"/shard\"} 1",
      "weight_server_manifest_state{model=\"gpt2-tiny\",state=\"ready\"} 1",
    ] {
      #expect(text.split(separator: "\n").contains(Substring(line)), "\(line)")
    }
  }

  @Test func aTraceIsCarriedThrough() async throws {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    let sample = Sample()
    let answer = try await sample.get("/healthz", fields: [.traceParent: "00-\(trace)-00f067aa0ba902b7-01"])
    let response = try #require(answer.fields[.traceResponse].flatMap(TraceContext.init))
    #expect(response.traceID == trace)
    #expect(response.parentID != "00f067aa0ba902b7")
    #expect(try await sample.get("/healthz", fields: [.traceParent: "nonsense"]).fields[.traceResponse] == nil)
  }
}
