import Glibc

extension Array<UInt8> {
  /// Whether the bytes are the same, one for one.
  package func hasSameBytes(as other: ArraySlice<UInt8>) -> Bool {
    guard count == other.count else { return false }
    // SAFETY: both have `count` bytes, which are lent for the call.
    return unsafe withUnsafeBytes { one in
      unsafe other.withUnsafeBytes { other in
        guard let one = one.baseAddress, let other = other.baseAddress else { return true }
        return unsafe memcmp(one, other, count) == 0
      }
    }
  }
}
