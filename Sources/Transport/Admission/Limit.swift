/// The limits that a server holds its clients to, by the names that they have in its configuration and its statistics.
package enum Limit: String, Hashable, Sendable, CaseIterable {
  /// Connections at a time.
  case connections
  /// Connections at a time of one address, or of one user of this machine.
  case connectionsPerAddress = "connections_per_address"
  /// Descriptors of the process.
  case descriptors
  /// Requests that one connection may bring.
  case requestsPerConnection = "requests_per_connection"
  /// Bytes of a target.
  case targetBytes = "target_bytes"
  /// Bytes of a request's fields.
  case headBytes = "head_bytes"
  /// Fields of a request.
  case headFields = "head_fields"
  /// Bytes of a request's body.
  case bodyBytes = "body_bytes"
  /// How long a connection may be open without a request.
  case idleTime = "idle_seconds"
  /// How long a head may take.
  case headTime = "head_seconds"
  /// How long a body may take.
  case bodyTime = "body_seconds"
  /// How little of an answer a client may take in some time.
  case writeTime = "write_seconds"
  /// Requests at a time.
  case requests
  /// Requests at a time of one address, or of one user of this machine.
  case requestsPerAddress = "requests_per_address"
  /// Bytes of bodies that are in memory.
  case bytesInFlight = "bytes_in_flight"
  /// Partitions that are computed at a time.
  case executions
}
