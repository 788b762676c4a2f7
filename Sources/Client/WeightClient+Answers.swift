internal import HTTPTypes
internal import Platform
internal import Transport

extension WeightClient {
  /// The checkpoints that the server has, whether they can be served or not.
  public func manifests() async throws(WeightClientError) -> [ManifestSummary] {
    try await retrying { (exchanger, cancel) throws(WeightClientError) in
      try ManifestSummary.list(try exchanger.read("/manifests", cancel: cancel))
    }
  }

  /// One checkpoint.
  /// - Throws: `not_found` where the server has none of that name.
  public func manifest(_ name: String) async throws(WeightClientError) -> ManifestDetail {
    try await retrying { (exchanger, cancel) throws(WeightClientError) in
      let target = "/manifests/" + PercentEncoding.encode(name)
      return try ManifestDetail(parsing: try exchanger.read(target, cancel: cancel))
    }
  }

  /// What a partition would be, without any of its weights.
  /// - Throws: what the partition itself would be refused with.
  public func plan(for request: PartitionRequest) async throws(WeightClientError) -> PartitionPlanSummary {
    try await retrying { (exchanger, cancel) throws(WeightClientError) in
      try PartitionPlanSummary(parsing: try exchanger.read(request.target("/plan"), cancel: cancel))
    }
  }

  /// What a request for a partition would get now, without its bytes: length, tag, revision, file name.
  /// - Throws: what the partition itself would be refused with.
  public func info(for request: PartitionRequest) async throws(WeightClientError) -> PartitionInfo {
    try await retrying { (exchanger, cancel) throws(WeightClientError) in
      let target = request.target("/shard")
      do throws(WeightClientError) {
        let (connection, head) = try exchanger.send(.head, target, cancel: cancel)
        exchanger.pool.giveBack(connection)
        return try PartitionInfo(head, address: exchanger.address)
      } catch {
        guard error.origin == .server, !error.isRetryable else { throw error }
        // An answer to HEAD has no body, so it cannot say why it refuses: one to GET can.
        var fields = HTTPFields()
        fields[.range] = "bytes=0-0"
        _ = try exchanger.send(.get, target, fields: fields, cancel: cancel)
        throw error
      }
    }
  }
}
