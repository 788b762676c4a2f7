/// A position in bytes from a stranger: every read is checked against what remains, and none traps.
@frozen public struct ByteCursor: Sendable {
  /// The bytes that are read.
  public let bytes: [UInt8]
  /// The index of the next byte.
  @inlinable public var position: Int { next }
  @usableFromInline internal var next: Int
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

    /// A read at a position.
    @inlinable init(position: Int, wanted: UInt64, remaining: Int) {
      self.position = position
      self.wanted = wanted
      self.remaining = remaining
    }
  }

  /// A cursor over all of `bytes`, or over a part of them.
  @inlinable public init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
    self.bytes = bytes
    let whole = 0..<bytes.count
    let range = (range ?? whole).clamped(to: whole)
    next = range.lowerBound
    end = range.upperBound
  }

  /// Bytes not read.
  @inlinable public var remaining: Int { end - next }
  /// Whether nothing remains.
  @inlinable public var isAtEnd: Bool { next == end }

  /// Checks that `count` bytes remain, and answers it as an `Int`.
  @inlinable public func checked(_ count: UInt64) throws(OutOfBounds) -> Int {
    guard count <= UInt64(remaining) else {
      throw OutOfBounds(position: next, wanted: count, remaining: remaining)
    }
    return Int(count)
  }

  /// The next byte.
  @inlinable public mutating func byte() throws(OutOfBounds) -> UInt8 {
    guard next < end else { throw OutOfBounds(position: next, wanted: 1, remaining: 0) }
    defer { next += 1 }
    return bytes[next]
  }

  /// The next byte, left in place; nil at the end.
  @inlinable public func peek() -> UInt8? {
    next < end ? bytes[next] : nil
  }

  /// The next `count` bytes.
  @inlinable public mutating func take(_ count: UInt64) throws(OutOfBounds) -> ArraySlice<UInt8> {
    let count = try checked(count)
    defer { next += count }
    return bytes[next..<next + count]
  }

  /// Passes over `count` bytes.
  @inlinable public mutating func skip(_ count: UInt64) throws(OutOfBounds) {
    next += try checked(count)
  }

  /// Moves to an index of `bytes` between its start and the end.
  @inlinable public mutating func seek(to index: Int) throws(OutOfBounds) {
    guard index >= 0, index <= end else {
      throw OutOfBounds(position: next, wanted: UInt64(clamping: index), remaining: remaining)
    }
    next = index
  }

  /// An unsigned number, least significant byte first.
  @inlinable public mutating func littleEndian<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type
  ) throws(OutOfBounds) -> Number {
    let width = Number.bitWidth / 8
    _ = try checked(UInt64(width))
    var value: Number = 0
    for index in 0..<width { value |= Number(bytes[next + index]) << Number(8 * index) }
    next += width
    return value
  }

  /// An unsigned number, most significant byte first.
  @inlinable public mutating func bigEndian<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type
  ) throws(OutOfBounds) -> Number {
    try littleEndian(type).byteSwapped
  }

  /// The bytes up to `terminator`, which is passed over.
  @inlinable public mutating func line(endingWith terminator: UInt8 = 0x0A) throws(OutOfBounds) -> ArraySlice<UInt8> {
    guard let index = bytes[next..<end].firstIndex(of: terminator) else {
      throw OutOfBounds(position: next, wanted: UInt64(remaining) + 1, remaining: remaining)
    }
    defer { next = index + 1 }
    return bytes[next..<index]
  }
}
