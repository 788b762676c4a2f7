import Testing

@testable import Loader

@Suite struct CRC32Tests {
  @Test(arguments: [("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43)] as [(String, UInt32)])
  func itIsTheChecksumOfZipFiles(_ text: String, _ expected: UInt32) {
    #expect(CRC32.checksum(text.utf8) == expected)
  }
}
