/// Quantization value by value, as the contract words it.
enum ReferenceQuantizer {
  /// A value of int8.
  static func int8(_ number: Float, multiplier: Float) -> Int8 {
    let rounded = (number * multiplier).rounded(.toNearestOrEven)
    return rounded.isNaN ? 0 : Int8(min(max(rounded, -128), 127))
  }

  /// A value of int4.
  static func int4(_ number: Float, zero: Float, scale: Float) -> UInt8 {
    let rounded = ((number - zero) / scale).rounded(.toNearestOrEven)
    return rounded.isNaN ? 0 : UInt8(min(max(rounded, 0), 15))
  }

  /// Values and scales by DeepSpeed's arithmetic.
  static func int8(_ numbers: [Float], groups: Int) -> (values: [Int8], scales: [Float]) {
    let size = numbers.count / groups
    var values: [Int8] = []
    var scales: [Float] = []
    for group in 0..<groups {
      let part = numbers[group * size..<(group + 1) * size]
      let magnitude = part.reduce(Float(0)) { max($0, abs($1)) }
      let multiplier = Float(256) / (2 * magnitude + 1e-5)
      values += part.map { int8($0, multiplier: multiplier) }
      scales.append(1 / multiplier)
    }
    return (values, scales)
  }

  /// Values, one a byte, scales and zeros.
  static func int4(_ numbers: [Float], groups: Int) -> (values: [UInt8], scales: [Float], zeros: [Float]) {
    let size = numbers.count / groups
    var values: [UInt8] = []
    var scales: [Float] = []
    var zeros: [Float] = []
    for group in 0..<groups {
      let part = numbers[group * size..<(group + 1) * size]
      let (least, greatest) = part.reduce((Float.infinity, -Float.infinity)) { (min($0.0, $1), max($0.1, $1)) }
      let scale = (greatest - least) / 15
      values += part.map { scale == 0 ? 0 : int4($0, zero: least, scale: scale) }
      scales.append(scale)
      zeros.append(least)
    }
    return (values, scales, zeros)
  }
}
