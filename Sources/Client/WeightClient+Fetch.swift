internal import HTTPTypes
internal import Platform
internal import Transport

extension WeightClient {
  /// Fetches a partition into a file, which appears under its name when it is whole and checked, and never before.
  ///
  /// The bytes go to `.NAME.partial` beside it. Where a fetch ends early and the content can be resumed, that file stays with a
  /// journal, `.NAME.partial.json`, and the next fetch of the same request goes on with it, if the server still has the content
  /// with the same `ETag`; changed content starts over. A fetch that was cancelled, or is past its deadline, leaves nothing unless
  /// `ClientConfiguration.keepsPartialWhenCancelled` is set. No other file is ever left.
  /// - Throws: `WeightClientError`, also for what fails on this side.
  @discardableResult
  public func fetch(
    _ request: PartitionRequest, toFile path: String, progress: TransferProgress.Handler? = nil
  ) async throws(WeightClientError) -> FetchResult {
    try await fetch(request, toFile: path, keepsPartialWhenCancelled: false, progress: progress)
  }

  func fetch(
    _ request: PartitionRequest, toFile path: String, keepsPartialWhenCancelled: Bool,
    progress: TransferProgress.Handler?
  ) async throws(WeightClientError) -> FetchResult {
    let servers = servers
    return try await workers.run { (cancel) throws(WeightClientError) in
      let sink = try FileSink(
        target: path, request: request.target("/shard"), revision: request.revision,
        bufferSize: servers.configuration.bufferSize, synchronizes: servers.configuration.synchronizesFiles)
      var driver = TransferDriver(
        servers: servers, request: request, sink: sink, progress: progress, cancel: cancel,
        keepsPartialWhenCancelled: keepsPartialWhenCancelled)
      return try driver.run()
    }
  }

  /// Fetches a partition and writes it to an open descriptor, in order: standard output, a pipe. The descriptor stays the caller's.
  ///
  /// Nothing is written before the header is known to be a safetensors file's. What follows is checked at the end: after an error the
  /// descriptor has got a part.
  /// - Throws: `aborted` where the content changed after a part was written.
  @discardableResult
  public func fetch(
    _ request: PartitionRequest, toDescriptor descriptor: CInt, progress: TransferProgress.Handler? = nil
  ) async throws(WeightClientError) -> FetchResult {
    let servers = servers
    return try await workers.run { (cancel) throws(WeightClientError) in
      var driver = TransferDriver(
        servers: servers, request: request,
        sink: PipeSink(number: descriptor, bufferSize: servers.configuration.bufferSize), progress: progress,
        cancel: cancel)
      return try driver.run()
    }
  }

  /// Fetches a partition into memory of the library's, taking more where it is too small.
  ///
  /// After an error the memory holds nothing, and keeps its capacity.
  @discardableResult
  public func fetch(
    _ request: PartitionRequest, into memory: inout PartitionMemory, progress: TransferProgress.Handler? = nil
  ) async throws(WeightClientError) -> FetchResult {
    let region = memory.take()
    do throws(WeightClientError) {
      let (result, filled) = try await fetch(request, region: region, mayGrow: true, progress: progress)
      memory.store(filled, count: result.byteCount)
      return result
    } catch {
      memory.store(region, count: 0)
      throw error
    }
  }

  /// Fetches a partition into memory that the caller owns.
  ///
  /// The bytes are the safetensors file, from the start of the memory. After an error the memory holds anything.
  /// - Throws: `resource_exhausted` where the partition does not fit.
  @discardableResult
  public func fetch(
    _ request: PartitionRequest, into memory: CallerMemory, progress: TransferProgress.Handler? = nil
  ) async throws(WeightClientError) -> FetchResult {
    try await fetch(request, region: memory.region, mayGrow: false, progress: progress).0
  }

  /// Fetches a partition as a state dict: into memory, or into a file that is then mapped.
  ///
  /// From a server on this host behind a Unix-domain socket, nothing is fetched where the server shares its memory: the partition is
  /// mapped, and all workers of the host that do so have one copy together.
  public func open(
    _ request: PartitionRequest, file path: String? = nil, progress: TransferProgress.Handler? = nil
  ) async throws(WeightClientError) -> StateDict {
    if let path {
      try await fetch(request, toFile: path, progress: progress)
      return try StateDict(mapping: path)
    }
    if let shared = try await openShared(request) { return shared }
    var memory = PartitionMemory()
    try await fetch(request, into: &memory, progress: progress)
    return try memory.stateDict()
  }

  private func fetch(
    _ request: PartitionRequest, region: MemoryRegion?, mayGrow: Bool, progress: TransferProgress.Handler?
  ) async throws(WeightClientError) -> (FetchResult, MemoryRegion?) {
    let servers = servers
    return try await workers.run { (cancel) throws(WeightClientError) in
      let sink = MemorySink(memory: region, mayGrow: mayGrow)
      var driver = TransferDriver(
        servers: servers, request: request, sink: sink, progress: progress, cancel: cancel)
      let result = try driver.run()
      return (result, sink.memory)
    }
  }
}
