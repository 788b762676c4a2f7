/// The header of a safetensors file: which tensors it holds and where.
///
/// Source: huggingface/safetensors `safetensors/src/tensor.rs`, `SafeTensors::read_metadata` and `Metadata::validate`: eight
/// bytes of length, JSON, then the tensors' bytes, which must tile the rest of the file exactly. We differ in one thing: a
/// name that stands twice is refused, as the format's README says and the library does not.
public struct SafetensorsHeader: Sendable, Hashable {
  /// One tensor of the file.
  public struct Tensor: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// The element's type.
    public let dtype: DType
    /// Extents, outermost first.
    public let shape: [Int]
    /// Its bytes, relative to the end of the header.
    public let range: Range<Int>
  }

  /// The tensors by their place in the file.
  public let tensors: [Tensor]
  /// `__metadata__`, in its order.
  public let metadata: [(key: String, value: String)]
  /// Where the tensors' bytes begin in the file: 8 and the length of the JSON.
  public let dataStart: Int

  /// Bytes that the JSON may have, as in safetensors' `MAX_HEADER_SIZE`.
  public static let lengthLimit = 100_000_000

  /// Why a header was refused.
  public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file is too short for what it claims.
    case truncated(String)
    /// The JSON is malformed.
    case json(JSONScanner.Failure)
    /// A rule of the format is broken.
    case rule(String)

    /// The failure as one line.
    public var description: String {
      switch self {
      case .truncated(let text), .rule(let text): text
      case .json(let failure): "the header is \(failure)"
      }
    }
  }

  /// Reads the length of the JSON from a file's first eight bytes.
  /// - Returns: the length, between 2 and `lengthLimit`, so that 8 and it lie within `fileSize`.
  public static func length(prefix: [UInt8], fileSize: UInt64) throws(Failure) -> Int {
    guard prefix.count >= 8, fileSize >= 8 else {
      throw .truncated("is truncated: a safetensors file has at least 8 bytes, this one has \(fileSize)")
    }
    let length = prefix[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(lengthLimit) else {
      throw .rule("claims a header of \(length) bytes; at most \(lengthLimit) are allowed")
    }
    guard length <= fileSize - 8 else {
      throw .truncated("is truncated: its header would have \(length) bytes, and \(fileSize - 8) follow")
    }
    guard length >= 2 else { throw .rule("claims a header of \(length) bytes; the shortest is '{}'") }
    return Int(length)
  }

  /// Parses the JSON of a header, and checks that the tensors tile the bytes behind it.
  /// - Parameter dataSize: bytes behind the header; nil where only a part of the file is at hand.
  public init(json: [UInt8], dataSize: UInt64?) throws(Failure) {
    guard json.first == 0x7B else { throw .rule("has a header that does not begin with '{'") }
    var parser = SafetensorsHeaderParser(json)
    do throws(JSONScanner.Failure) {
      try parser.parse()
    } catch {
      throw parser.brokenRule.map { Failure.rule($0) } ?? .json(error)
    }
    metadata = parser.metadata
    dataStart = json.count + 8
    tensors = try SafetensorsHeader.tile(parser.tensors, dataSize: dataSize)
  }

  /// Sorts by place, and checks that there is no hole, no overlap and no byte too many.
  private static func tile(_ tensors: [Tensor], dataSize: UInt64?) throws(Failure) -> [Tensor] {
    var isSorted = true
    for index in tensors.indices.dropFirst()
    where tensors[index].range.lowerBound < tensors[index - 1].range.upperBound {
      isSorted = false
      break
    }
    let sorted =
      isSorted
      ? tensors
      : tensors.enumerated().sorted {
        ($0.element.range.lowerBound, $0.element.range.upperBound, $0.offset)
          < ($1.element.range.lowerBound, $1.element.range.upperBound, $1.offset)
      }.map(\.element)
    var end = 0
    for tensor in sorted {
      guard tensor.range.lowerBound == end else {
        let what = tensor.range.lowerBound > end ? "a hole" : "an overlap"
        throw .rule(
          "has \(what) before tensor \(tensor.name.escaped): it begins at \(tensor.range.lowerBound), not \(end)")
      }
      end = tensor.range.upperBound
    }
    if let dataSize, UInt64(end) != dataSize {
      throw UInt64(end) > dataSize
        ? .truncated("is truncated: its tensors need \(end) bytes, and \(dataSize) follow the header")
        : .rule("has \(dataSize - UInt64(end)) bytes behind its last tensor that belong to none")
    }
    return sorted
  }

  /// Whether both hold the same, in the same order.
  public static func == (left: SafetensorsHeader, right: SafetensorsHeader) -> Bool {
    left.tensors == right.tensors && left.dataStart == right.dataStart
      && left.metadata.elementsEqual(right.metadata) { $0 == $1 }
  }

  /// Feeds what equality looks at.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(tensors)
    hasher.combine(dataStart)
  }
}
