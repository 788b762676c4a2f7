/// The JSON of a safetensors header, read in one pass without a tree in memory.
struct SafetensorsHeaderParser {
  private(set) var tensors: [SafetensorsHeader.Tensor] = []
  private(set) var metadata: [(key: String, value: String)] = []
  /// The rule of the format that the failure thrown is about, if it is not about JSON.
  private(set) var brokenRule: String?
  private var scanner: JSONScanner
  private var names: Set<String> = []
  private var hasMetadata = false

  /// Axes that a tensor may have: more is a file made to cost memory.
  static let rankLimit = 65_536

  init(_ json: [UInt8]) {
    scanner = JSONScanner(json)
  }

  mutating func parse() throws(JSONScanner.Failure) {
    try scanner.beginObject()
    var first = true
    while let name = try scanner.nextKey(first: &first) {
      if name == "__metadata__" {
        if hasMetadata { throw rule("has __metadata__ twice") }
        hasMetadata = true
        try parseMetadata()
      } else {
        guard names.insert(name).inserted else { throw rule("has tensor \(name.escaped) twice") }
        try parseTensor(name)
      }
    }
    try scanner.finish()
  }

  private mutating func parseMetadata() throws(JSONScanner.Failure) {
    guard scanner.peekValue() == 0x7B else { throw rule("has a __metadata__ that is not an object") }
    try scanner.beginObject()
    var first = true
    var keys: Set<String> = []
    while let key = try scanner.nextKey(first: &first) {
      guard scanner.peekValue() == 0x22 else { throw rule("has __metadata__ \(key.escaped) that is not a string") }
      guard keys.insert(key).inserted else { throw rule("has __metadata__ \(key.escaped) twice") }
      metadata.append((key, try scanner.string()))
    }
  }

  private mutating func parseTensor(_ name: String) throws(JSONScanner.Failure) {
    guard scanner.peekValue() == 0x7B else { throw rule("has tensor \(name.escaped) that is not an object") }
    try scanner.beginObject()
    var dtype: DType?
    var shape: [Int]?
    var offsets: [Int]?
    var first = true
    while let key = try scanner.nextKey(first: &first) {
      switch key {
      case "dtype":
        if dtype != nil { throw rule("has tensor \(name.escaped) with two dtypes") }
        dtype = try parseDType(of: name)
      case "shape":
        if shape != nil { throw rule("has tensor \(name.escaped) with two shapes") }
        shape = try parseNumbers("shape", of: name, limit: SafetensorsHeaderParser.rankLimit)
      case "data_offsets":
        if offsets != nil { throw rule("has tensor \(name.escaped) with two data_offsets") }
        offsets = try parseNumbers("data_offsets", of: name, limit: 2)
      default: try scanner.skipValue()
      }
    }
    guard let dtype, let shape, let offsets else {
      let missing = dtype == nil ? "dtype" : shape == nil ? "shape" : "data_offsets"
      throw rule("has tensor \(name.escaped) without \(missing)")
    }
    tensors.append(try check(name, dtype, shape, offsets))
  }

  private mutating func parseDType(of name: String) throws(JSONScanner.Failure) -> DType {
    guard scanner.peekValue() == 0x22 else {
      throw rule("has tensor \(name.escaped) with a dtype that is not a string")
    }
    let text = try scanner.string()
    guard let dtype = DType(rawValue: text) else {
      throw rule("has tensor \(name.escaped) of the unknown dtype \(text.escaped)")
    }
    return dtype
  }

  private mutating func parseNumbers(
    _ what: String, of name: String, limit: Int
  ) throws(JSONScanner.Failure) -> [Int] {
    guard scanner.peekValue() == 0x5B else {
      throw rule("has tensor \(name.escaped) with a \(what) that is not an array")
    }
    try scanner.beginArray()
    var numbers: [Int] = []
    var first = true
    while try scanner.nextElement(first: &first) {
      guard case .integer(let number) = try scanner.number(), number >= 0 else {
        throw rule("has tensor \(name.escaped) with a \(what) that is not made of whole numbers from 0 to 2^63 - 1")
      }
      guard numbers.count < limit else { throw rule("has tensor \(name.escaped) with more than \(limit) \(what)") }
      numbers.append(number)
    }
    return numbers
  }

  private mutating func check(
    _ name: String, _ dtype: DType, _ shape: [Int], _ offsets: [Int]
  ) throws(JSONScanner.Failure) -> SafetensorsHeader.Tensor {
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw rule("has tensor \(name.escaped) with data_offsets that are not [begin, end]")
    }
    guard let count = dtype.byteCount(shape: shape) else {
      throw rule("has tensor \(name.escaped) of a shape whose \(dtype.rawValue) bytes cannot be counted")
    }
    guard count == offsets[1] - offsets[0] else {
      throw rule(
        "has tensor \(name.escaped) whose shape needs \(count) bytes and whose data_offsets hold \(offsets[1] - offsets[0])"
      )
    }
    return SafetensorsHeader.Tensor(name: name, dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
  }

  private mutating func rule(_ text: String) -> JSONScanner.Failure {
    brokenRule = text
    return scanner.failure(text)
  }
}
