internal import Platform

/// Memory that the caller owns and lends for fetches: pinned, shared, or registered with a device.
///
///     let memory = unsafe try CallerMemory(borrowing: buffer)
///     let result = try await client.fetch(request, into: memory)
public struct CallerMemory: Sendable {
  let region: MemoryRegion

  /// Lends a buffer. The promise is made here, once, for all fetches into it: it stays where it is while this value or a fetch
  /// into it lives, and nobody else touches it while a fetch runs. A fetch has ended when its call returns, on cancellation too.
  @unsafe public init(borrowing buffer: UnsafeMutableRawBufferPointer) throws(WeightClientError) {
    do throws(SystemError) {
      // SAFETY: the caller promises what the region asks for.
      region = unsafe try MemoryRegion.borrowing(buffer)
    } catch {
      throw WeightClientError(error)
    }
  }

  /// Bytes that fit.
  public var count: Int { region.count }
}
