/// A name for a request that no other of this process has: its connection's and its number there, `c17-3`.
package struct RequestName: Hashable, Sendable, CustomStringConvertible {
  private let connection: String
  private let number: UInt64

  /// Names a request of a connection.
  package init(connection: String, number: UInt64) {
    self.connection = connection
    self.number = number
  }

  package var description: String { "\(connection)-\(number)" }

  /// Appends it to a head.
  func append(to bytes: inout [UInt8]) {
    bytes += connection.utf8
    bytes.append(0x2D)
    HeadWriter.append(decimal: Int(clamping: number), to: &bytes)
  }
}
