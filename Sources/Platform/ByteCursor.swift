/// A position in bytes from a stranger: every read is checked against what remains, and none traps.
public struct ByteCursor: Sendable {
  /// The bytes that are read.
  public let bytes: [UInt8]
  /// The index of the next byte.
  public private(set) var position: Int
  /// One past the last byte that may be read.
  public let end: Int

  /// A read that goes past the end.
  public struct OutOfBounds: Error, Hashable, Sendable {
    /// Where the read began.
    public let position: Int
    /// How many bytes it wanted.
    public let wanted: UInt64
    /// How many there were.
    public let remaining: Int
  }

  /// A cursor over all of `bytes`, or over a part of them.
  public init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
    self.bytes = bytes
    let whole = 0..<bytes.count
    let range = (range ?? whole).clamped(to: whole)
    position = range.lowerBound
    end = range.upperBound
  }

  /// Bytes not read.
  public var remaining: Int { end - position }
  /// Whether nothing remains.
  public var isAtEnd: Bool { position == end }

  /// Checks that `count` bytes remain, and answers it as an `Int`.
  @inline(__always)
  public func checked(_ count: UInt64) throws(OutOfBounds) -> Int {
    guard count <= UInt64(remaining) else {
      throw OutOfBounds(position: position, wanted: count, remaining: remaining)
    }
    return Int(count)
  }

  /// The next byte.
  @inline(__always)
  public mutating func byte() throws(OutOfBounds) -> UInt8 {
    guard position < end else { throw OutOfBounds(position: position, wanted: 1, remaining: 0) }
    defer { position += 1 }
    return bytes[position]
  }

  /// The next byte, left in place; nil at the end.
  @inline(__always)
  public func peek() -> UInt8? {
    position < end ? bytes[position] : nil
  }

  /// The next `count` bytes.
  public mutating func take(_ count: UInt64) throws(OutOfBounds) -> ArraySlice<UInt8> {
    let count = try checked(count)
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// Passes over `count` bytes.
  public mutating func skip(_ count: UInt64) throws(OutOfBounds) {
    position += try checked(count)
  }

  /// Moves to an index of `bytes` between its start and the end.
  public mutating func seek(to index: Int) throws(OutOfBounds) {
    guard index >= 0, index <= end else {
      throw OutOfBounds(position: position, wanted: UInt64(clamping: index), remaining: remaining)
    }
    position = index
  }

  /// An unsigned number, least significant byte first.
  @inline(__always)
  public mutating func littleEndian<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type
  ) throws(OutOfBounds) -> Number {
    let width = Number.bitWidth / 8
    _ = try checked(UInt64(width))
    var value: Number = 0
    for index in 0..<width { value |= Number(bytes[position + index]) << Number(8 * index) }
    position += width
    return value
  }

  /// An unsigned number, most significant byte first.
  public mutating func bigEndian<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type
  ) throws(OutOfBounds) -> Number {
    try littleEndian(type).byteSwapped
  }

  /// The bytes up to `terminator`, which is passed over.
  public mutating func line(endingWith terminator: UInt8 = 0x0A) throws(OutOfBounds) -> ArraySlice<UInt8> {
    guard let index = bytes[position..<end].firstIndex(of: terminator) else {
      throw OutOfBounds(position: position, wanted: UInt64(remaining) + 1, remaining: remaining)
    }
    defer { position = index + 1 }
    return bytes[position..<index]
  }
}
