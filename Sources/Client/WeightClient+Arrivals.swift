internal import Platform

extension WeightClient {
  /// Fetches a partition tensor by tensor, so that what is done with one overlaps the network.
  ///
  /// Memory is bounded: when `ahead` bytes of tensors wait to be taken, nothing more is received until one is. A tensor's memory is used
  /// again once nobody refers to it.
  /// - Parameters:
  ///   - request: which partition.
  ///   - ahead: bytes; a larger tensor alone is always taken in.
  public func tensors(_ request: PartitionRequest, ahead: Int = 256 * 1024 * 1024) -> TensorStream {
    TensorStream {
      ArrivalTask(limit: ahead) { (queue) throws(WeightClientError) in
        _ = try await self.run(request, TensorSink(queue, limit: ahead), progress: nil)
      }
    }
  }

  /// Fetches a partition into memory that the caller owns, and gives each tensor there as soon as it has arrived.
  ///
  /// Views refer to that memory, which must outlive them.
  public func tensors(_ request: PartitionRequest, into memory: CallerMemory) -> TensorStream {
    TensorStream {
      ArrivalTask { (queue) throws(WeightClientError) in
        let sink = MemorySink(memory: memory.region, mayGrow: false, arrivals: ArrivalTracker(queue))
        _ = try await self.run(request, sink, progress: nil)
      }
    }
  }

  /// Fetches a partition into a file, as `fetch(_:toFile:)` does, and tells of it as a sequence.
  public func events(of request: PartitionRequest, toFile path: String) -> FetchEvents {
    events { (client, progress) throws(WeightClientError) in
      try await client.fetch(request, toFile: path, progress: progress)
    }
  }

  /// Fetches a partition into memory that the caller owns, as `fetch(_:into:)` does, and tells of it as a sequence.
  public func events(of request: PartitionRequest, into memory: CallerMemory) -> FetchEvents {
    events { (client, progress) throws(WeightClientError) in
      try await client.fetch(request, into: memory, progress: progress)
    }
  }

  private func events(
    _ fetch:
      @escaping @Sendable (
        WeightClient, @escaping TransferProgress.Handler
      ) async throws(WeightClientError) -> FetchResult
  ) -> FetchEvents {
    FetchEvents {
      ArrivalTask { (queue) throws(WeightClientError) in
        let result = try await fetch(self) { queue.put(.progress($0), replacing: true) }
        queue.put(.finished(result))
      }
    }
  }

  private func run(
    _ request: PartitionRequest, _ sink: any TransferSink, progress: TransferProgress.Handler?
  ) async throws(WeightClientError) -> FetchResult {
    let servers = servers
    return try await workers.run { (cancel) throws(WeightClientError) in
      var driver = TransferDriver(servers: servers, request: request, sink: sink, progress: progress, cancel: cancel)
      return try driver.run()
    }
  }
}
