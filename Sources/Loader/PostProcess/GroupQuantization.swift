/// Numbers as small integers, by groups of consecutive ones that share a scale.
public struct GroupQuantization: Sendable, Hashable {
  /// What the integers are.
  public let scheme: Scheme
  /// The type of the numbers.
  public let dtype: DType
  /// Groups.
  public let groups: Int
  /// Numbers in each.
  public let groupSize: Int

  /// What the integers are.
  public enum Scheme: String, Sendable {
    /// -128 ... 127, each a byte; number = integer * scale.
    case int8
    /// 0 ... 15, two a byte, the first in the low nibble; number = integer * scale + zero.
    case int4
  }

  /// The tensors that a quantized one becomes.
  public enum Part: String, Sendable {
    /// The integers.
    case values
    /// A float for each group.
    case scales
    /// A float for each group: the number that 0 stands for.
    case zeros
  }

  /// Numbers in all.
  var count: Int { groups * groupSize }

  /// Bytes of one of the tensors.
  func byteCount(of part: Part) -> Int {
    switch (part, scheme) {
    case (.values, .int8): count
    case (.values, .int4): count / 2
    case (.scales, _), (.zeros, _): groups * MemoryLayout<Float>.size
    }
  }

  /// How a group is quantized, given its least and greatest number.
  ///
  /// The arithmetic is Float's, operation by operation that of the sources named: every rounding counts.
  func parameters(least: Float, greatest: Float) -> Parameters {
    switch scheme {
    case .int8: Int8Quantization.parameters(least: least, greatest: greatest)
    case .int4: Int4Quantization.parameters(least: least, greatest: greatest)
    }
  }

  /// What the numbers of a group are quantized by.
  struct Parameters: Sendable, Hashable {
    /// What int8 multiplies by.
    var multiplier: Float = 0
    /// What an integer is worth.
    let scale: Float
    /// What the integer 0 stands for.
    var zero: Float = 0
  }
}

extension GroupQuantization: CustomStringConvertible {
  /// The groups, in words.
  public var description: String { "\(groups) groups of \(groupSize)" }
}
