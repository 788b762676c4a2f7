import Glibc
import Platform
import Testing

@Suite struct MemoryRegionTests {
  @Test(arguments: [0, 1, 4096, 5_000_000])
  func freshMemoryIsZeroAndHoldsWhatIsWritten(count: Int) throws {
    let region = try MemoryRegion.allocating(count)
    #expect(region.count == count)
    #expect(region.isWritable)
    #expect(region.copyBytes(in: 0..<count).allSatisfy { $0 == 0 })
    guard count > 0 else { return }
    region.write([7], at: count - 1)
    #expect(region.element(at: count - 1, as: UInt8.self) == 7)
    #expect(region.withBytes(in: count - 1..<count) { $0.byteCount } == 1)
  }

  @Test func elementsAreLentWhereTheyAreAligned() throws {
    let region = try MemoryRegion.allocating(16)
    region.write([0, 1, 0, 0, 0, 2, 0, 0, 0], at: 0)
    #expect(region.element(at: 1, as: UInt32.self) == 1)
    let aligned = region.withElements(of: UInt32.self, in: 4..<16) { span in span.indices.map { span[$0] } }
    #expect(aligned == [512, 0, 0])
    let unaligned = region.withElements(of: UInt32.self, in: 1..<5) { $0.count }
    #expect(unaligned == nil)
  }

  @Test func aRangeIsContainedOrNot() throws {
    let region = try MemoryRegion.allocating(10)
    #expect(region.contains(0..<10))
    #expect(region.contains(10..<10))
    #expect(!region.contains(0..<11))
    #expect(!region.contains(-1..<1))
  }

  @Test func aMappingHasTheFilesBytesAndIsReadOnly() throws {
    let path = "/tmp/weight-server-mapping-\(UInt64.random(in: 0 ..< .max))"
    defer { try? OutputFile.remove(path) }
    let file = try OutputFile.open(path)
    for bytes in [[], [1, 2, 3]] as [[UInt8]] {
      try file.write(bytes, at: 0)
      let region = try MemoryRegion.mapping(try SourceFile.opening(path))
      #expect(region.copyBytes(in: 0..<region.count) == bytes)
      #expect(!region.isWritable)
    }
  }

  @Test func borrowedMemoryIsTheCallers() throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 4)
    defer { unsafe buffer.deallocate() }
    do {
      let region = unsafe try MemoryRegion.borrowing(buffer)
      region.write([1, 2, 3, 4], at: 0)
    }
    #expect(unsafe [UInt8](buffer) == [1, 2, 3, 4])
  }

  @Test func digestsOfMemoryAndBuffersAreThoseOfTheirBytes() throws {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
    let region = try MemoryRegion.allocating(bytes.count)
    region.write(bytes[...], at: 0)
    let buffer = ByteBuffer(capacity: 400)
    buffer.replace(with: bytes[600...])
    var hash = SHA256()
    hash.update(region, in: 0..<600)
    hash.update(buffer)
    #expect(hash.finish() == SHA256.digest(of: bytes))
  }
}
