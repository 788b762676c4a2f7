import Glibc
import Platform
import Testing

/// Files for tests.
enum TemporaryFiles {
  static func write(_ bytes: [UInt8], to path: String) throws {
    let number = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    try #require(number >= 0)
    let descriptor = Descriptor(owning: number)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor.number, $0.baseAddress, $0.count) }
      try #require(count > 0)
      rest = rest.dropFirst(count)
    }
  }

  static func remove(_ path: String) {
    _ = unsafe unlink(path)
  }
}

extension ByteBuffer {
  /// Fills in bytes behind those that are there.
  func append(_ bytes: some Collection<UInt8>) {
    unsafe UnsafeMutableRawBufferPointer(rebasing: storage[count...]).copyBytes(from: bytes)
    count += bytes.count
  }
}

extension ByteBuffer {
  /// Fills in a byte many times behind those that are there.
  func append(_ byte: UInt8, count more: Int) {
    unsafe UnsafeMutableRawBufferPointer(rebasing: storage[count..<count + more])
      .initializeMemory(as: UInt8.self, repeating: byte)
    count += more
  }
}

/// Lets others run until `condition` holds; false where it does not within some seconds.
func waitUntil(_ condition: () -> Bool) async -> Bool {
  let end = ContinuousClock.now + .seconds(10)
  while !condition() {
    if ContinuousClock.now > end { return false }
    await Task.yield()
  }
  return true
}
