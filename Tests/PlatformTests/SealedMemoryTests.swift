import Glibc
import Testing

@testable import Platform

@Suite struct SealedMemoryTests {
  private func sealed(_ bytes: [UInt8]) throws -> SealedMemory {
    let file = try MemoryFile(label: "test", count: bytes.count)
    let buffer = ByteBuffer(capacity: max(bytes.count, 1))
    unsafe bytes.withUnsafeBytes { unsafe buffer.storage.copyMemory(from: $0) }
    buffer.count = bytes.count
    try file.write(buffer, at: 0)
    return try file.sealed()
  }

  @Test func nobodyCanChangeWhatIsSealed() throws {
    let memory = try sealed([1, 2, 3, 4])
    let again = unsafe open("/proc/self/fd/\(memory.number)", O_RDWR)
    // The file's own user may open it for writing: the seals hold all the same.
    try #require(again >= 0)
    defer { close(again) }
    #expect(unsafe write(again, [UInt8](repeating: 9, count: 4), 4) == -1)
    #expect(ftruncate(again, 1) == -1)
    #expect(ftruncate(again, 100) == -1)
    let mapped = unsafe mmap(nil, 4, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0)
    #expect(unsafe mapped == MAP_FAILED)
    #expect(try MemoryRegion.mapping(memory).copyBytes(in: 0..<4) == [1, 2, 3, 4])
  }

  @Test func aMappingOfAnotherOpenCountsAsUse() throws {
    let memory = try sealed([1, 2, 3])
    #expect(!memory.isUsed)
    var passed: PassedDescriptor? = try memory.open()
    #expect(memory.isUsed)
    var region: MemoryRegion? = try MemoryRegion.mapping(SealedMemory(received: #require(passed)))
    passed = nil
    #expect(memory.isUsed)
    #expect(region?.count == 3)
    region = nil
    #expect(!memory.isUsed)
  }

  @Test func whatIsNotSealedIsNotTaken() throws {
    let number = unsafe open("/etc/passwd", O_RDONLY)
    let error = #expect(throws: SystemError.self) {
      try SealedMemory(received: PassedDescriptor(owning: Descriptor(owning: number)))
    }
    #expect(error?.code == EPERM)
  }

  @Test func aDescriptorPassesBesideTheFirstByte() throws {
    let (left, right) = try Socket.pair(isBlocking: true)
    let memory = try sealed(Array(0..<100))
    let opened = try memory.open()
    #expect(try left.send([65, 66][...], passing: opened.number) == 2)
    withExtendedLifetime(opened) {}
    #expect(try left.send([67][...]) == 1)
    let buffer = ByteBuffer(capacity: 16)
    let (count, passed) = try #require(try right.receiveWithDescriptor(into: buffer))
    #expect(count == 2)
    let received = try SealedMemory(received: PassedDescriptor(owning: Descriptor(owning: #require(passed))))
    #expect(received.count == 100)
    buffer.count = 0
    let next = try #require(try right.receiveWithDescriptor(into: buffer))
    #expect(next.count == 1)
    #expect(next.passed == nil)
  }
}
