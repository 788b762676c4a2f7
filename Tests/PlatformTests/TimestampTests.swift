import Platform
import Testing

@Suite struct TimestampTests {
  @Test(arguments: [
    (Int64(0), "1970-01-01T00:00:00.000Z"), (951_782_400_042_000_000, "2000-02-29T00:00:00.042Z"),
    (1_767_225_599_999_999_999, "2025-12-31T23:59:59.999Z"),
  ])
  func aMomentIsWrittenAsRFC3339(nanoseconds: Int64, text: String) {
    #expect(Timestamp(nanoseconds: nanoseconds).description == text)
  }
}
