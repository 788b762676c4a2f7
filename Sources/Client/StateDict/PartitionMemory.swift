internal import Platform

/// Memory that partitions are fetched into, one after the other: taken once, touched once, aligned to a page.
///
/// It has one owner, so that nobody reads it while a fetch fills it.
public struct PartitionMemory: ~Copyable, Sendable {
  /// Bytes that the last fetch stored.
  public private(set) var count = 0
  private var region: MemoryRegion?

  /// No memory: the first fetch takes as much as it needs.
  public init() {}

  /// Memory for partitions of up to `capacity` bytes; a fetch that needs more replaces it.
  /// - Throws: `resource_exhausted` where there is not so much.
  public init(capacity: Int) throws(WeightClientError) {
    guard capacity >= 0 else {
      throw WeightClientError(.request, .invalidArgument, "memory of \(capacity) bytes cannot be: it is at least 0")
    }
    do throws(SystemError) {
      region = try MemoryRegion.allocating(capacity)
    } catch {
      throw WeightClientError(.local, .resourceExhausted, "no memory of \(capacity) bytes: \(error.reason)")
    }
  }

  /// Bytes that fit without taking more.
  public var capacity: Int { region?.count ?? 0 }

  /// Lends the bytes that the last fetch stored: a safetensors file.
  public func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let region else { return try body(RawSpan()) }
    return try region.withBytes(in: 0..<count, body)
  }

  /// Makes the stored partition a state dict, whose views share the memory from now on.
  /// - Throws: `data_loss` where no partition is stored.
  public consuming func stateDict() throws(WeightClientError) -> StateDict {
    guard let region else {
      throw WeightClientError(.local, .dataLoss, "the memory holds no partition: fetch one into it first")
    }
    return try StateDict(region, count: count, subject: "the partition")
  }

  /// Gives the memory away to be filled; nothing is stored until `store` brings it back.
  mutating func take() -> MemoryRegion? {
    count = 0
    return region.take()
  }

  mutating func store(_ region: MemoryRegion?, count: Int) {
    self.region = region
    self.count = count
  }
}
