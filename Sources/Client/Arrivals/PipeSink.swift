internal import Loader
internal import Platform

/// Passes a transfer on to an open descriptor, in order: a pipe, a terminal, a file at its end.
///
/// `@unchecked Sendable`: one thread at a time uses it.
final class PipeSink: StreamingSink, @unchecked Sendable {
  private let number: CInt
  let front = FrontBytes()
  private let buffer: ByteBuffer
  private var hasHeader = false
  private var written = 0

  /// A sink that writes to a descriptor, which stays the caller's.
  init(number: CInt, bufferSize: Int) {
    self.number = number
    buffer = ByteBuffer(capacity: max(bufferSize, 4096))
  }

  func prepare(_ content: TransferContent) throws(WeightClientError) {
    guard written == 0 else { throw .changedWhileArriving }
    front.begin(content)
    hasHeader = false
  }

  func receive(
    _ range: Range<Int>, from connection: ClientConnection, through window: ByteBuffer?, within limit: Duration,
    digest: RunningDigest?, cancel: CancelSignal
  ) throws(WeightClientError) -> Int {
    let count: Int
    if hasHeader {
      count = try connection.receiveBody(into: buffer, most: range.count, within: limit, cancel: cancel)
      digest?.add(buffer)
    } else {
      count = try front.receive(range, from: connection, within: limit, digest: digest, cancel: cancel)
      // What is no safetensors file is found out before the first byte is passed on.
      guard try front.header() != nil else { return count }
      hasHeader = true
      let bytes = try front.bytes(0..<range.lowerBound + count)
      try pass { () throws(SystemError) in try OpenDescriptor.write(bytes, to: number, cancel: cancel) }
      written = bytes.count
      return count
    }
    try pass { () throws(SystemError) in try OpenDescriptor.write(buffer, to: number, cancel: cancel) }
    written += count
    return count
  }

  private func pass(_ body: () throws(SystemError) -> Bool) throws(WeightClientError) {
    let isDone: Bool
    do throws(SystemError) {
      isDone = try body()
    } catch {
      throw WeightClientError(error)
    }
    if !isDone { throw .canceled }
  }
}
