/// Floating-point numbers as those of another type: `dtype=`.
///
/// Source: torch's `Tensor.to()`, 2.13: `c10/util/Half.h`, `BFloat16.h`, `torch/headeronly/util/Float8_e4m3fn.h`, `Float8_e5m2.h`. Every
/// conversion goes by way of Float, F64's too: rounded to nearest even; too large a number becomes infinity, or in E4M3FN, which
/// has none, its largest number (older versions of torch give NaN). A NaN stays one.
struct Cast: PostProcess {
  /// The type that numbers become.
  let dtype: DType

  /// The types that are numbers of which a cast can be asked: those that torch has arithmetic for. Integers, booleans, complex
  /// numbers, scales without a significand and packed types are left alone.
  static let sources: Set<DType> = [.f64, .f32, .f16, .bf16, .f8e4m3, .f8e5m2]

  func outputs(of tensor: PostProcessInput, among all: [PostProcessInput]) -> [PostProcessOutput] {
    guard Cast.sources.contains(tensor.dtype), tensor.dtype != dtype else {
      return [PostProcessOutput(verbatim: tensor)]
    }
    return [
      PostProcessOutput(
        name: tensor.name, dtype: dtype, shape: tensor.shape, scheme: TensorScheme("cast", from: tensor.dtype),
        operation: .cast(from: tensor.dtype, to: dtype))
    ]
  }
}
