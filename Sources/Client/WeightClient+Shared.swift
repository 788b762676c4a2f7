internal import HTTPTypes
internal import Loader
internal import Platform
internal import Transport

extension WeightClient {
  /// Maps a partition that a server on this host shares; nil where none does, and HTTP has to bring it.
  func openShared(_ request: PartitionRequest) async throws(WeightClientError) -> StateDict? {
    let servers = servers
    let local = servers.exchangers.filter { $0.address.isUnix }
    guard configuration.sharesMemory, !local.isEmpty else { return nil }
    return try await workers.run { (cancel) throws(WeightClientError) in
      for exchanger in local {
        do throws(WeightClientError) {
          if let shared = try SharedPartition(request, from: exchanger, cancel: cancel) {
            return try shared.stateDict(verifying: servers.configuration.verification, cancel: cancel)
          }
        } catch {
          // What is wrong with the request or the server, a fetch finds out and tells in full.
          if error.code == .canceled || error.code == .dataLoss { throw error }
        }
      }
      return nil
    }
  }
}

/// A partition in memory that a server shares.
struct SharedPartition {
  private let memory: SealedMemory
  private let head: ResponseHead

  /// Asks a server for the descriptor of a partition; nil where it does not give one.
  init?(_ request: PartitionRequest, from exchanger: Exchanger, cancel: CancelSignal) throws(WeightClientError) {
    var fields = HTTPFields()
    fields[.acceptDescriptor] = "memfd"
    // Of this connection alone: who forwards requests must not forward this one's wish (RFC 9110, section 7.6.1).
    fields[.connection] = "Accept-Descriptor"
    if exchanger.configuration.verification == .digest { fields[.wantReprDigest] = "sha-256=10" }
    let target = request.target("/shard")
    let (connection, head) = try exchanger.send(
      .head, target, fields: fields, cancel: cancel, takesDescriptor: true)
    let passed = connection.takeDescriptor()
    exchanger.pool.giveBack(connection)
    guard head.fields[.contentDescriptor] == "memfd", let passed else { return nil }
    let length = head.fields[.contentLength].flatMap { ASCII.decimal($0.utf8) }
    do throws(SystemError) {
      memory = try SealedMemory(received: passed)
    } catch {
      throw WeightClientError(error)
    }
    guard memory.count == length else {
      throw WeightClientError(
        .content, .internalError,
        "\(exchanger.address): the descriptor is of \(memory.count) bytes, and the partition of \(length ?? 0)")
    }
    if let pinned = request.revision, head.fields[.manifestRevision] != pinned { return nil }
    self.head = head
  }

  /// Maps it, and checks it.
  func stateDict(
    verifying verification: ClientConfiguration.Verification, cancel: CancelSignal
  ) throws(WeightClientError) -> StateDict {
    let region: MemoryRegion
    do throws(SystemError) {
      region = try MemoryRegion.mapping(memory)
    } catch {
      throw WeightClientError(error)
    }
    let dict = try StateDict(region, count: region.count, subject: "the partition")
    if verification == .digest, let stated = head.fields[.reprDigest].flatMap({ ReprDigest.sha256(in: $0) }) {
      let digest = RunningDigest()
      let sink = MemorySink(memory: region, mayGrow: false)
      try sink.hash(0..<region.count, into: digest, cancel: cancel)
      let made = digest.finish()
      guard made == stated else {
        throw WeightClientError(
          .content, .dataLoss,
          "the shared partition's SHA-256 is \(made.hexadecimal), and the server states \(stated.hexadecimal)")
      }
    }
    return dict
  }
}
