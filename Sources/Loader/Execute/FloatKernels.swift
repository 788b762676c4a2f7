import CKernels

/// The kernels at the level of this processor, behind the names of our types.
enum FloatKernels {
  /// The level.
  static let level = kernels_best_level()

  /// The kernels' name of a type of floating-point numbers; nil for other types.
  static func type(_ dtype: DType) -> kernels_type? {
    switch dtype {
    case .f64: KERNELS_F64
    case .f32: KERNELS_F32
    case .f16: KERNELS_F16
    case .bf16: KERNELS_BF16
    case .f8e4m3: KERNELS_F8_E4M3FN
    case .f8e5m2: KERNELS_F8_E5M2
    default: nil
    }
  }
}

extension LoaderError {
  /// A transform of a type that has no numbers: no planner makes one.
  static func withoutNumbers(_ dtype: DType) -> LoaderError {
    LoaderError(.unimplemented, "elements of type \(dtype.rawValue) are no numbers to compute with")
  }
}
