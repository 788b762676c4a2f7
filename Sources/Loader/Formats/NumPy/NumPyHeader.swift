import Platform

/// The header of an `.npy` file: a Python dictionary written as a literal, which is parsed and never evaluated.
///
/// Source: numpy/lib/format.py, `read_magic`, `_read_array_header`, `header_data_from_array_1_0`.
struct NumPyHeader: Hashable, Sendable {
  /// The type of the elements.
  let dtype: DType
  /// Whether the first axis is the one that varies fastest.
  let isFortranOrder: Bool
  /// Extents, outermost axis first; empty for a scalar.
  let shape: [Int]
  /// Where the elements begin in the file.
  let dataOffset: Int

  /// Most bytes of a header's dictionary: NumPy's own limit is 10,000.
  static let limit = 65_536
  /// Most dimensions of an array. Source: NumPy 2's NPY_MAXDIMS.
  static let rankLimit = 64

  /// Magic, version, and the length of the dictionary. Version 1 has a length of two bytes, versions 2 and 3 of four.
  /// - Parameter head: the file's first 12 bytes, or all of a shorter file.
  /// - Returns: where the dictionary begins and ends.
  /// - Throws: what is wrong, without the file's name.
  static func extent(_ head: [UInt8]) throws(LoaderError) -> Range<Int> {
    guard isMagic(head) else { throw invalid("is no .npy file: it does not begin with \\x93NUMPY") }
    var cursor = ByteCursor(head)
    do {
      try cursor.skip(6)
      let version = (try cursor.byte(), try cursor.byte())
      let length: Int
      switch version {
      case (1, 0): length = Int(try cursor.littleEndian(UInt16.self))
      case (2, 0), (3, 0): length = Int(try cursor.littleEndian(UInt32.self))
      default: throw invalid("is of .npy version \(version.0).\(version.1); 1.0, 2.0 and 3.0 are known")
      }
      guard length <= limit else { throw invalid("has an .npy header of \(length) bytes; at most \(limit) are read") }
      return cursor.position..<cursor.position + length
    } catch let error as LoaderError {
      throw error
    } catch {
      throw invalid("is truncated: it ends within its .npy header")
    }
  }

  /// Whether a file begins as `.npy` files do.
  static func isMagic(_ head: [UInt8]) -> Bool {
    head.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59])
  }

  /// Parses the dictionary, whose bytes end where the elements begin.
  /// - Throws: what is wrong, without the file's name.
  init(_ bytes: ArraySlice<UInt8>, dataOffset: Int) throws(LoaderError) {
    var literal = PythonLiteral(Array(bytes))
    guard let entries = literal.dictionary() else {
      throw NumPyHeader.invalid("has an .npy header that is no dictionary of plain literals")
    }
    guard Set(entries.map(\.key)) == ["descr", "fortran_order", "shape"], entries.count == 3 else {
      throw NumPyHeader.invalid("has an .npy header with other keys than descr, fortran_order and shape, each once")
    }
    let values = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.value) })
    guard case .boolean(let isFortranOrder)? = values["fortran_order"] else {
      throw NumPyHeader.invalid("has an .npy header whose fortran_order is neither True nor False")
    }
    guard case .integers(let shape)? = values["shape"], shape.allSatisfy({ $0 >= 0 }) else {
      throw NumPyHeader.invalid("has an .npy header whose shape is no tuple of sizes")
    }
    guard shape.count <= NumPyHeader.rankLimit else {
      throw NumPyHeader.invalid("has \(shape.count) dimensions; at most \(NumPyHeader.rankLimit) are read")
    }
    self.isFortranOrder = isFortranOrder
    self.shape = shape
    self.dataOffset = dataOffset
    dtype = try NumPyHeader.dtype(values["descr"])
  }

  private static func dtype(_ descr: PythonLiteral.Value?) throws(LoaderError) -> DType {
    guard case .text(let name)? = descr else {
      throw invalid("has a structured dtype; arrays of plain numbers are read")
    }
    if let dtype = dtypes[name] { return dtype }
    if name.hasPrefix(">") {
      throw invalid("is of the big-endian dtype '\(name.escaped)'; save it with astype(dtype.newbyteorder('<'))")
    }
    if name.hasSuffix("O") {
      throw invalid("holds Python objects (dtype '\(name.escaped)'), which are never loaded")
    }
    throw invalid("is of the dtype '\(name.escaped)', which safetensors has no name for")
  }

  private static func invalid(_ message: String) -> LoaderError { LoaderError(.invalidCheckpoint, message) }

  /// NumPy's names. An order of bytes means nothing for one byte.
  private static let dtypes: [String: DType] = [
    "|b1": .bool, "?": .bool, "|u1": .u8, "<u1": .u8, ">u1": .u8, "|i1": .i8, "<i1": .i8, ">i1": .i8,
    "<u2": .u16, "<i2": .i16, "<f2": .f16, "<u4": .u32, "<i4": .i32, "<f4": .f32,
    "<u8": .u64, "<i8": .i64, "<f8": .f64, "<c8": .c64,
  ]
}
