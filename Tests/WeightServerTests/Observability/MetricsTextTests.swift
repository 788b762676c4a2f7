import Testing

@testable import WeightServer

@Suite struct MetricsTextTests {
  @Test func aFamilyHasItsHelpItsTypeAndItsSamples() {
    let metric = Metric("things_total", .counter, "Things\\ that\nare \"counted\".") { _ in [] }
    var text = MetricsText()
    text.write(metric, [.init(3), .init(0.25, [("name", "a\"b\\c\nd"), ("other", "e")])])
    #expect(
      text.text == """
        # HELP things_total Things\\\\ that\\nare "counted".
        # TYPE things_total counter
        things_total 3
        things_total{name="a\\"b\\\\c\\nd",other="e"} 0.25

        """)
  }

  @Test func aFamilyWithoutSamplesIsLeftOut() {
    var text = MetricsText()
    text.write(Metric("nothing", .gauge, "Nothing.") { _ in [] }, [])
    #expect(text.text.isEmpty)
  }

  @Test(arguments: [
    (0, "0"), (12, "12"), (-1, "-1"), (0.005, "0.005"), (1e15, "1000000000000000"), (1e300, "1e+300"),
    (Double.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
  ])
  func aNumberIsWrittenAsPrometheusReadsIt(number: Double, text: String) {
    #expect(MetricsText.format(number) == text)
  }
}
