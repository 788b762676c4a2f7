extension PickleMachine {
  /// The opcodes that push a number, a text or bytes; others are passed on.
  mutating func executeScalar(_ opcode: PickleOpcode) throws(PickleFailure) {
    switch opcode {
    case .none: try push(InertGraph.none)
    case .newTrue: try push(InertGraph.boolean(true))
    case .newFalse: try push(InertGraph.boolean(false))
    case .binaryInt1: try push(new: graph.add(integer: Int(try byte())))
    case .binaryInt2: try push(new: graph.add(integer: Int(try number(UInt16.self))))
    case .binaryInt: try push(new: graph.add(integer: Int(Int32(bitPattern: try number(UInt32.self)))))
    case .intText: try pushIntText()
    case .longText: try pushLongText()
    case .long1: try pushLong(try take(UInt64(try byte())))
    case .long4: try pushLong4()
    case .binaryFloat:
      try push(new: graph.add(.number(Double(bitPattern: try number(UInt64.self).byteSwapped))))
    case .floatText: try pushFloatText()
    default: try executeText(opcode)
    }
  }

  private mutating func executeText(_ opcode: PickleOpcode) throws(PickleFailure) {
    switch opcode {
    case .shortBinaryUnicode: try pushText(try take(UInt64(try byte())))
    case .binaryUnicode: try pushText(try take(UInt64(try number(UInt32.self))))
    case .binaryUnicode8: try pushText(try take(try number(UInt64.self)))
    case .unicodeText: try push(new: graph.add(text: try unescapedUnicode()))
    case .stringText: try pushOldString(try unescapedString()[...])
    case .shortBinaryString: try pushOldString(try take(UInt64(try byte())))
    case .binaryString:
      let count = Int32(bitPattern: try number(UInt32.self))
      guard count >= 0 else { throw .refused("has a string of \(count) bytes") }
      try pushOldString(try take(UInt64(count)))
    case .shortBinaryBytes: try pushBytes(try take(UInt64(try byte())))
    case .binaryBytes: try pushBytes(try take(UInt64(try number(UInt32.self))))
    case .binaryBytes8, .byteArray8: try pushBytes(try take(try number(UInt64.self)))
    case .nextBuffer: throw .refused("refers to a buffer outside of it, which a file cannot have")
    case .readOnlyBuffer: _ = try top()
    default: try executeContainer(opcode)
    }
  }

  private mutating func pushText(_ bytes: ArraySlice<UInt8>) throws(PickleFailure) {
    try push(new: graph.add(text: try text(bytes)))
  }

  private mutating func pushBytes(_ bytes: ArraySlice<UInt8>) throws(PickleFailure) {
    graph.byteStrings.append(Array(bytes))
    try push(new: graph.add(.bytes(UInt32(graph.byteStrings.count - 1))))
  }

  /// Python 2's `str` is text where it is UTF-8, and bytes where it is not.
  private mutating func pushOldString(_ bytes: ArraySlice<UInt8>) throws(PickleFailure) {
    if let text = String(validating: bytes, as: UTF8.self) {
      try push(new: graph.add(text: text))
    } else {
      try pushBytes(bytes)
    }
  }

  private mutating func pushIntText() throws(PickleFailure) {
    let text = try line()
    switch text {
    case "00": try push(InertGraph.boolean(false))
    case "01": try push(InertGraph.boolean(true))
    default: try pushInteger(text)
    }
  }

  private mutating func pushLongText() throws(PickleFailure) {
    let text = try line()
    try pushInteger(text.hasSuffix("L") ? String(text.dropLast()) : text)
  }

  private mutating func pushInteger(_ text: String) throws(PickleFailure) {
    if let value = Int(text) {
      try push(new: graph.add(integer: value))
      return
    }
    let digits = text.utf8.drop { $0 == 0x2D || $0 == 0x2B }
    guard !digits.isEmpty, text.utf8.count - digits.count <= 1, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw .refused("has a number that is none: \(text.escaped)")
    }
    try pushBig(Array(text.utf8))
  }

  private mutating func pushLong4() throws(PickleFailure) {
    let count = Int32(bitPattern: try number(UInt32.self))
    guard count >= 0 else { throw .refused("has an integer of \(count) bytes") }
    try pushLong(try take(UInt64(count)))
  }

  /// A little-endian two's complement integer of any width.
  private mutating func pushLong(_ bytes: ArraySlice<UInt8>) throws(PickleFailure) {
    let negative = (bytes.last ?? 0) & 0x80 != 0
    let filler: UInt8 = negative ? 0xFF : 0
    // Bytes beyond the eighth only matter where they say more than the sign.
    guard bytes.dropFirst(8).allSatisfy({ $0 == filler }) else {
      try pushBig(Array(bytes))
      return
    }
    var value: UInt64 = negative ? .max : 0
    for (index, byte) in bytes.prefix(8).enumerated() {
      let shift = UInt64(8 * index)
      value = (value & ~(0xFF << shift)) | UInt64(byte) << shift
    }
    let signed = Int64(bitPattern: value)
    guard (signed < 0) == negative else {
      try pushBig(Array(bytes))
      return
    }
    try push(new: graph.add(integer: Int(signed)))
  }

  private mutating func pushBig(_ bytes: [UInt8]) throws(PickleFailure) {
    graph.byteStrings.append(bytes)
    try push(new: graph.add(.bigInteger(UInt32(graph.byteStrings.count - 1))))
  }

  private mutating func pushFloatText() throws(PickleFailure) {
    let text = try line()
    let known = text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
      default: false
      }
    }
    guard known || ["inf", "-inf", "nan", "-nan"].contains(text), let value = Double(text) else {
      throw .refused("has a number that is none: \(text.escaped)")
    }
    try push(new: graph.add(.number(value)))
  }
}
