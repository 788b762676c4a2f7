/// Comparison of secrets.
enum ConstantTime {
  /// Whether two runs of bytes are equal: every byte is looked at, and none decides whether the next is.
  static func isEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard one.count == other.count else { return false }
    var difference: UInt8 = 0
    for index in one.indices { difference |= one[index] ^ other[index] }
    return difference == 0
  }
}
