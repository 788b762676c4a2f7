import Testing

@testable import Platform

@Suite struct MemoryStatusTests {
  @Test(arguments: [
    ("MemTotal:  100 kB\nMemAvailable:    7 kB\nBuffers: 1 kB\n", 7168 as Int?), ("MemTotal: 100 kB\n", nil), ("", nil),
    ("MemAvailable: kB\n", nil), ("MemAvailable: 99999999999999999999 kB\n", nil),
    ("MemAvailable: 9223372036854775807 kB\n", nil),
  ])
  func theLineIsFoundAndRead(text: String, bytes: Int?) {
    #expect(MemoryStatus.available(in: Array(text.utf8)[...]) == bytes)
  }

  @Test func thisMachineHasSome() throws {
    #expect(try #require(MemoryStatus.available()) > 1 << 20)
  }
}
