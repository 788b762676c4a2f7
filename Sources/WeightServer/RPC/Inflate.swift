/// Undoes deflate (RFC 1951), up to a limit of bytes: what a small request unfolds to is known to nobody before it is done.
struct Inflate {
  /// What is wrong with the input.
  enum Failure: Error {
    /// It is not what deflate makes, or ends too early.
    case malformed
    /// It has more bytes than the limit.
    case tooLarge
  }

  private var input: ArraySlice<UInt8>
  private let limit: Int
  private var bits: UInt32 = 0
  private var bitCount: UInt32 = 0
  private var output: [UInt8] = []

  /// Undoes the blocks at the start of some bytes.
  /// - Returns: the bytes that were compressed, and what follows the last block's last byte.
  static func inflate(
    _ input: ArraySlice<UInt8>, limit: Int
  ) throws(Failure) -> (bytes: [UInt8], rest: ArraySlice<UInt8>) {
    var inflate = Inflate(input: input, limit: limit)
    try inflate.run()
    return (inflate.output, inflate.input)
  }

  private init(input: ArraySlice<UInt8>, limit: Int) {
    self.input = input
    self.limit = limit
  }

  private mutating func run() throws(Failure) {
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored()
      case 1: try decode(Inflate.fixedLiterals, Inflate.fixedDistances)
      case 2:
        let (literals, distances) = try readCodes()
        try decode(literals, distances)
      default: throw .malformed
      }
    }
  }

  // MARK: Bits

  /// The next bits, the first the least significant. At most 16.
  private mutating func take(_ count: UInt32) throws(Failure) -> Int {
    while bitCount < count {
      guard let byte = input.popFirst() else { throw .malformed }
      bits |= UInt32(byte) << bitCount
      bitCount += 8
    }
    let value = bits & ((1 << count) - 1)
    bits >>= count
    bitCount -= count
    return Int(value)
  }

  private mutating func append(_ byte: UInt8) throws(Failure) {
    guard output.count < limit else { throw .tooLarge }
    output.append(byte)
  }

  // MARK: Blocks

  private mutating func copyStored() throws(Failure) {
    bits = 0
    bitCount = 0
    let length = try take(16)
    guard try take(16) == length ^ 0xFFFF, input.count >= length else { throw .malformed }
    guard output.count + length <= limit else { throw .tooLarge }
    output += input.prefix(length)
    input = input.dropFirst(length)
  }

  private mutating func decode(_ literals: HuffmanCode, _ distances: HuffmanCode) throws(Failure) {
    while true {
      let symbol = try symbol(literals)
      switch symbol {
      case 0..<256: try append(UInt8(symbol))
      case 256: return
      case 257..<286:
        let (base, extra) = Inflate.lengths[symbol - 257]
        let length = base + (try take(extra))
        let code = try self.symbol(distances)
        guard code < Inflate.distances.count else { throw .malformed }
        let (farBase, farExtra) = Inflate.distances[code]
        let distance = farBase + (try take(farExtra))
        guard distance <= output.count else { throw .malformed }
        for _ in 0..<length { try append(output[output.count - distance]) }
      default: throw .malformed
      }
    }
  }

  private mutating func symbol(_ code: HuffmanCode) throws(Failure) -> Int {
    var walk = HuffmanCode.Walk()
    for _ in 0..<HuffmanCode.lengthLimit {
      if let symbol = code.step(&walk, bit: try take(1)) { return symbol }
    }
    throw .malformed
  }

  /// The codes of a block that brings its own (RFC 1951 section 3.2.7).
  private mutating func readCodes() throws(Failure) -> (literals: HuffmanCode, distances: HuffmanCode) {
    let literalCount = try take(5) + 257
    let distanceCount = try take(5) + 1
    let lengthCount = try take(4) + 4
    guard literalCount <= 286, distanceCount <= 30 else { throw .malformed }
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for index in 0..<lengthCount { codeLengths[Inflate.lengthOrder[index]] = UInt8(try take(3)) }
    guard let lengthCode = HuffmanCode(lengths: codeLengths[...]) else { throw .malformed }
    var lengths: [UInt8] = []
    while lengths.count < literalCount + distanceCount {
      let symbol = try symbol(lengthCode)
      switch symbol {
      case 0..<16: lengths.append(UInt8(symbol))
      case 16:
        guard let last = lengths.last else { throw .malformed }
        lengths += Array(repeating: last, count: 3 + (try take(2)))
      case 17: lengths += Array(repeating: 0, count: 3 + (try take(3)))
      default: lengths += Array(repeating: 0, count: 11 + (try take(7)))
      }
    }
    guard lengths.count == literalCount + distanceCount, lengths[256] != 0,
      let literals = HuffmanCode(lengths: lengths[..<literalCount]),
      let distances = HuffmanCode(lengths: lengths[literalCount...])
    else { throw .malformed }
    return (literals, distances)
  }

  // MARK: Tables

  private static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  /// Length codes 257 to 285: the least length and the bits that are added to it (RFC 1951 section 3.2.5).
  private static let lengths: [(base: Int, extra: UInt32)] =
    table(first: 3, groups: [0, 0] + (1...5).map { $0 }, size: 4) + [(258, 0)]

  /// Distance codes 0 to 29.
  private static let distances: [(base: Int, extra: UInt32)] = table(
    first: 1, groups: [0, 0] + (1...13).map { $0 }, size: 2)

  private static func table(first: Int, groups: [UInt32], size: Int) -> [(base: Int, extra: UInt32)] {
    var base = first
    var table: [(base: Int, extra: UInt32)] = []
    for extra in groups {
      for _ in 0..<size {
        table.append((base, extra))
        base += 1 << extra
      }
    }
    return table
  }

  private static let fixedLiterals = fixed(
    [UInt8](repeating: 8, count: 144) + [UInt8](repeating: 9, count: 112) + [UInt8](repeating: 7, count: 24)
      + [UInt8](repeating: 8, count: 8))
  private static let fixedDistances = fixed([UInt8](repeating: 5, count: 30))

  private static func fixed(_ lengths: [UInt8]) -> HuffmanCode {
    guard let code = HuffmanCode(lengths: lengths[...]) else { preconditionFailure("RFC 1951's own code is no code") }
    return code
  }
}

/// A prefix code by the lengths of its words (RFC 1951 section 3.2.2).
struct HuffmanCode: Sendable {
  /// Most bits of a word.
  static let lengthLimit = 15

  /// How many words there are of each length.
  private var counts = [Int](repeating: 0, count: HuffmanCode.lengthLimit + 1)
  /// The symbols, by length and then by value.
  private var symbols: [Int] = []

  /// A code; nil where more words are wanted of a length than there are.
  init?(lengths: ArraySlice<UInt8>) {
    for length in lengths {
      guard Int(length) <= HuffmanCode.lengthLimit else { return nil }
      counts[Int(length)] += 1
    }
    counts[0] = 0
    var free = 1
    for length in 1...HuffmanCode.lengthLimit {
      free = free * 2 - counts[length]
      guard free >= 0 else { return nil }
    }
    for length in 1...HuffmanCode.lengthLimit where counts[length] > 0 {
      symbols += lengths.enumerated().filter { Int($0.element) == length }.map(\.offset)
    }
  }

  /// How far into a word one is.
  struct Walk {
    fileprivate var length = 0
    fileprivate var code = 0
    fileprivate var first = 0
    fileprivate var index = 0
  }

  /// Takes one bit of a word further.
  /// - Returns: the symbol, where the word ends with it.
  func step(_ walk: inout Walk, bit: Int) -> Int? {
    walk.length += 1
    walk.code |= bit
    let count = counts[walk.length]
    if walk.code - walk.first < count { return symbols[walk.index + walk.code - walk.first] }
    walk.index += count
    walk.first = (walk.first + count) << 1
    walk.code <<= 1
    return nil
  }
}
