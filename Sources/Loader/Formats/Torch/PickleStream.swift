import Platform

/// Pickles and raw bytes that follow each other in a part of a file. A pickle's length shows only as it is read, so it is read
/// from a buffer that grows until it is whole.
struct PickleStream {
  /// The offset of the next byte in the file.
  private(set) var position: UInt64
  /// One past the last byte.
  let end: UInt64
  /// The bytes of all pickles so far: they are part of the file's identity.
  private(set) var pickles: [UInt8] = []

  private let file: Int
  private let name: String
  private let policy: PicklePolicy
  private var buffer: [UInt8] = []
  private var bufferStart: UInt64

  /// Bytes that are read first; each further try reads four times as many.
  private static let firstRead: UInt64 = 4_096

  /// A stream over a part of a file, which lies inside it.
  init(file: Int, from start: UInt64, to end: UInt64, of files: FileTable, policy: PicklePolicy) {
    position = start
    self.end = end
    self.file = file
    name = files.entries[file].name
    self.policy = policy
    bufferStart = start
  }

  /// Bytes that remain.
  var remaining: UInt64 { end - position }

  /// Reads the next pickle.
  mutating func next(_ what: String, in files: FileTable) throws(LoaderError) -> PickleMachine.Result {
    var wanted = min(PickleStream.firstRead, remaining)
    while true {
      try fill(wanted, what: what, in: files)
      let start = Int(position - bufferStart)
      do throws(PickleFailure) {
        let result = try PickleMachine.run(buffer, from: start, policy: policy)
        pickles += buffer[start..<result.end]
        position = bufferStart + UInt64(result.end)
        return result
      } catch {
        guard case .truncated(let needed) = error else { throw error.error(file: name) }
        // What the machine counted began at the buffer's start; `wanted` is at most the limit, so four times it fits.
        let more = max(needed - min(needed, UInt64(start)), wanted * 4)
        let available = min(remaining, PickleLimits.bytes)
        guard needed <= UInt64(start) + available, UInt64(buffer.count - start) < available else {
          throw error.error(file: name)
        }
        wanted = min(more, available)
      }
    }
  }

  /// Reads an integer of eight bytes.
  mutating func int64(_ what: String, in files: FileTable) throws(LoaderError) -> Int64 {
    let bytes = try take(8, what: what, in: files)
    var value: UInt64 = 0
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return Int64(bitPattern: value)
  }

  /// Reads some bytes.
  mutating func take(_ count: UInt64, what: String, in files: FileTable) throws(LoaderError) -> ArraySlice<UInt8> {
    guard count <= remaining else { throw truncated(what, count) }
    try fill(min(max(count, PickleStream.firstRead), remaining), what: what, in: files)
    let start = Int(position - bufferStart)
    position += count
    return buffer[start..<start + Int(count)]
  }

  /// Passes over some bytes.
  mutating func skip(_ count: UInt64, what: String) throws(LoaderError) {
    guard count <= remaining else { throw truncated(what, count) }
    position += count
  }

  private func truncated(_ what: String, _ count: UInt64) -> LoaderError {
    .invalid(name, "is truncated: \(what) would be \(count) bytes at \(position), and \(remaining) remain")
  }

  /// Sees to it that the buffer holds at least so many bytes from the position on, or all there are.
  private mutating func fill(_ count: UInt64, what: String, in files: FileTable) throws(LoaderError) {
    if position >= bufferStart, position - bufferStart <= UInt64(buffer.count),
      UInt64(buffer.count) - (position - bufferStart) >= count
    {
      return
    }
    buffer = try files.read(file, at: position, count: count, what: what)
    bufferStart = position
  }
}
