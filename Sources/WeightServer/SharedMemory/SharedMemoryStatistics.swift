/// What is held in shared memory at a moment.
struct SharedMemoryStatistics: Hashable, Sendable {
  /// Bytes that may be held.
  let budget: Int
  /// Bytes that are.
  let bytes: Int
  /// Partitions that are.
  let partitions: Int
  /// Descriptors that were handed to workers since the start.
  let handedOut: Int
}
