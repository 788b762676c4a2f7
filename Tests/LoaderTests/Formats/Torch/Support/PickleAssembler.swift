/// Writes pickles opcode by opcode, right or wrong.
struct PickleAssembler {
  private(set) var bytes: [UInt8] = [0x80, 2]

  /// Raw bytes: opcodes without arguments, or anything else.
  mutating func raw(_ text: String) { bytes += text.utf8 }
  mutating func raw(_ more: [UInt8]) { bytes += more }

  mutating func text(_ text: String) {
    bytes += [0x58] + littleEndian(UInt32(text.utf8.count)) + text.utf8
  }

  mutating func integer(_ value: Int) {
    if let small = Int32(exactly: value) {
      bytes += [0x4A] + littleEndian(UInt32(bitPattern: small))
    } else {
      bytes += [0x8A, 8] + littleEndian(UInt64(bitPattern: Int64(value)))
    }
  }

  mutating func integers(_ values: [Int]) {
    raw("(")
    for value in values { integer(value) }
    raw("t")
  }

  mutating func global(_ module: String, _ name: String) { raw("c\(module)\n\(name)\n") }

  /// A persistent id of torch.
  mutating func storage(_ type: String = "FloatStorage", key: String = "0", count: Int) {
    raw("(")
    text("storage")
    global("torch", type)
    text(key)
    text("cpu")
    integer(count)
    raw("tQ")
  }

  /// `_rebuild_tensor_v2` of a storage.
  mutating func tensor(
    _ type: String = "FloatStorage", key: String = "0", count: Int, offset: Int = 0, size: [Int], stride: [Int]
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    raw("(")
    storage(type, key: key, count: count)
    integer(offset)
    integers(size)
    integers(stride)
    raw([0x89])
    global("collections", "OrderedDict")
    raw(")Rt")
    raw("R")
  }

  /// An object of a class with a dictionary as its state.
  mutating func object(_ module: String, _ name: String, _ fields: [(String, (inout PickleAssembler) -> Void)]) {
    global(module, name)
    raw(")")
    raw([0x81])
    dictionary(fields)
    raw("b")
  }

  mutating func dictionary(_ entries: [(String, (inout PickleAssembler) -> Void)]) {
    raw("}(")
    for (key, value) in entries {
      text(key)
      value(&self)
    }
    raw("u")
  }

  /// The finished pickle.
  static func make(_ write: (inout PickleAssembler) -> Void) -> [UInt8] {
    var assembler = PickleAssembler()
    write(&assembler)
    assembler.raw(".")
    return assembler.bytes
  }

  /// The pickle of `{'module': {'w': value}}`.
  static func module(_ write: (inout PickleAssembler) -> Void) -> [UInt8] {
    make { pickle in
      pickle.raw("}")
      pickle.text("module")
      pickle.raw("}")
      pickle.text("w")
      write(&pickle)
      pickle.raw("ss")
    }
  }
}

/// The bytes of a number, least significant first.
func littleEndian<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
  (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Number(8 * $0)) }
}
