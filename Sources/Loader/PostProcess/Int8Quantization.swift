/// Linear weights as signed bytes with a scale for each group: `quantize=int8`.
///
/// Source: DeepSpeed `runtime/weight_quantizer.py`, `WeightQuantization.quantize_data` and `merge_scales`: over the flattened weight,
/// groups of consecutive values; a multiplier of 2^8 / (2 * max(greatest, |least|) + 1e-5); what is kept is its reciprocal. Unlike
/// DeepSpeed we quantize what the rank holds, so a rank's values and scales belong together however the source was cut.
struct Int8Quantization: PostProcess {
  /// The groups.
  let grouping: Grouping

  func outputs(
    of tensor: PostProcessInput, among all: [PostProcessInput]
  ) throws(LoaderError) -> [PostProcessOutput] {
    guard let count = tensor.count, count > 0 else { return [PostProcessOutput(verbatim: tensor)] }
    let groups = try grouping.groups(of: tensor, count: count, among: all)
    let quantization = GroupQuantization(
      scheme: .int8, dtype: tensor.dtype, groups: groups, groupSize: count / groups)
    return [
      PostProcessOutput(
        name: tensor.name, dtype: .i8, shape: tensor.shape, scheme: .quantized(quantization),
        operation: .quantize(quantization, .values)),
      PostProcessOutput(scalesOf: tensor.name, quantization),
    ]
  }

  /// How a group is quantized. Where the magnitude is not finite, the scale is infinite or NaN, and the group's values are 0.
  static func parameters(least: Float, greatest: Float) -> GroupQuantization.Parameters {
    let magnitude = max(greatest, abs(least))
    // torch divides a number by a tensor as a product with the tensor's reciprocal; a product with 2^8 is exact.
    let multiplier = 256 * (1 / (2 * magnitude + 1e-5))
    return GroupQuantization.Parameters(multiplier: multiplier, scale: 1 / multiplier)
  }
}

extension PostProcessOutput {
  /// The scales of a quantized tensor.
  init(scalesOf name: String, _ quantization: GroupQuantization) {
    self.init(
      name: name + ".scale", dtype: .f32, shape: [quantization.groups], scheme: TensorScheme("scale", of: name),
      operation: .quantize(quantization, .scales))
  }
}
