import Platform
import WeightServerClient

/// Where an object store is, and how it is spoken to.
package struct ObjectStoreConfiguration: Sendable, Hashable {
  /// How a bucket is named in a request.
  package enum Addressing: String, Sendable, CaseIterable {
    /// `virtual` for Amazon's own endpoint and buckets without a dot, else `path`.
    case auto
    /// `HOST/BUCKET/KEY`.
    case path
    /// `BUCKET.HOST/KEY`.
    case virtual
  }

  /// The endpoint as a URL; empty for Amazon's in the region.
  package var endpoint = ""
  /// The region; empty for the environment's, else `us-east-1`.
  package var region = ""
  /// How a bucket is named in a request.
  package var addressing = Addressing.auto
  /// Requests for ranges at a time, of one checkpoint.
  package var connections = 8
  /// Tries of a request in all.
  package var attempts = 5

  /// The defaults.
  package init() {}

  /// The same with what is empty taken from the variables that Amazon's tools read.
  package func completed(by environment: [String: String]) -> ObjectStoreConfiguration {
    var configuration = self
    if region.isEmpty {
      configuration.region = environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? "us-east-1"
    }
    if endpoint.isEmpty {
      configuration.endpoint =
        environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"]
        ?? "https://s3.\(configuration.region).amazonaws.com"
    }
    return configuration
  }

  /// The server that a bucket is asked for at, and the path of its objects there, without a slash at its end.
  func server(of bucket: String) throws(ObjectStoreError) -> (address: ServerAddress, path: String) {
    let address: ServerAddress
    do throws(WeightClientError) {
      address = try ServerAddress(endpoint)
    } catch {
      throw ObjectStoreError(.invalid, "the object store's endpoint: \(error.message)")
    }
    guard usesVirtualHosts(bucket), let separator = endpoint.firstRange(of: "://") else {
      return (address, "\(address.basePath)/\(bucket)")
    }
    let host = endpoint[..<separator.upperBound] + "\(bucket)." + endpoint[separator.upperBound...]
    do throws(WeightClientError) {
      return (try ServerAddress(String(host)), address.basePath)
    } catch {
      throw ObjectStoreError(.invalid, "the object store's endpoint with the bucket's name: \(error.message)")
    }
  }

  private func usesVirtualHosts(_ bucket: String) -> Bool {
    switch addressing {
    case .path: false
    case .virtual: true
    case .auto: endpoint.contains(".amazonaws.com") && !bucket.contains(".")
    }
  }
}
