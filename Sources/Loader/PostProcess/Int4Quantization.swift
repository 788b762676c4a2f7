/// Linear weights as two values a byte with a scale and a zero for each group: `quantize=int4`.
///
/// The idea is FlexLLMGen's (`flexllmgen/compression.py`: asymmetric, by groups, two values a byte), the encoding our own: the first
/// value in the low nibble; zero = least, scale = (greatest - least) / 15, value = (x - zero) / scale rounded to nearest even; a group
/// of equal values has scale 0.
struct Int4Quantization: PostProcess {
  /// The groups.
  let grouping: Grouping

  func outputs(
    of tensor: PostProcessInput, among all: [PostProcessInput]
  ) throws(LoaderError) -> [PostProcessOutput] {
    guard let count = tensor.count, count > 0, let last = tensor.shape.last else {
      return [PostProcessOutput(verbatim: tensor)]
    }
    guard last % 2 == 0 else {
      throw LoaderError(
        .failedPrecondition,
        "quantize=int4 packs two values of a row in a byte; a rank's \(tensor.name.escaped) has rows of \(last), which is odd:"
          + " use another mp, or int8")
    }
    let groups = try grouping.groups(of: tensor, count: count, among: all)
    let quantization = GroupQuantization(
      scheme: .int4, dtype: tensor.dtype, groups: groups, groupSize: count / groups)
    let extents = tensor.shape.map(String.init).joined(separator: ",")
    return [
      PostProcessOutput(
        name: tensor.name, dtype: .u8, shape: tensor.shape.dropLast() + [last / 2], scheme: .quantized(quantization),
        operation: .quantize(quantization, .values),
        metadata: [("\(tensor.name).dtype", tensor.dtype.rawValue), ("\(tensor.name).shape", "[\(extents)]")]),
      PostProcessOutput(scalesOf: tensor.name, quantization),
      PostProcessOutput(
        name: tensor.name + ".zero", dtype: .f32, shape: [groups], scheme: TensorScheme("zero", of: tensor.name),
        operation: .quantize(quantization, .zeros)),
    ]
  }

  /// How a group is quantized. Where a number is not finite, neither is the scale, and what cannot be divided is 0.
  static func parameters(least: Float, greatest: Float) -> GroupQuantization.Parameters {
    GroupQuantization.Parameters(scale: (greatest - least) / 15, zero: least)
  }
}
