import Testing

@testable import Command

@Suite struct HumanTextTests {
  @Test(arguments: [
    (-1, "0 B"), (0, "0 B"), (999, "999 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
    (102_400, "100 KiB"), (1_048_575, "1.0 MiB"), (5e9, "4.7 GiB"), (1e18, "888 PiB"),
  ])
  func bytes(count: Double, text: String) {
    #expect(HumanText.bytes(count) == text)
  }

  @Test(
    arguments: [
      (nil, "-:--"), (-1, "-:--"), (0, "0:00"), (6.2, "0:07"), (59.9, "1:00"), (754, "12:34"), (3723, "1:02:03"),
      (1e9, "-:--"), (.infinity, "-:--"), (.nan, "-:--"),
    ] as [(Double?, String)])
  func time(seconds: Double?, text: String) {
    #expect(HumanText.time(seconds) == text)
  }
}
