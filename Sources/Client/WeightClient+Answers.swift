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
}
