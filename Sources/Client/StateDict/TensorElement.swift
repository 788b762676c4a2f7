public import Loader

/// A Swift type as which the elements of a tensor can be read: every bit pattern of it is a value, and it has the size of the
/// element types that it reads.
///
/// The conformances here are all there can be: a type of another module would be read as nothing.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The element types that it reads, as they are or as their bits.
  static var dtypes: [DType] { get }
}

extension Float: TensorElement {
  /// F32.
  public static var dtypes: [DType] { [.f32] }
}

extension Double: TensorElement {
  /// F64.
  public static var dtypes: [DType] { [.f64] }
}

extension Float16: TensorElement {
  /// F16.
  public static var dtypes: [DType] { [.f16] }
}

extension Int8: TensorElement {
  /// I8.
  public static var dtypes: [DType] { [.i8] }
}

extension Int16: TensorElement {
  /// I16.
  public static var dtypes: [DType] { [.i16] }
}

extension Int32: TensorElement {
  /// I32.
  public static var dtypes: [DType] { [.i32] }
}

extension Int64: TensorElement {
  /// I64.
  public static var dtypes: [DType] { [.i64] }
}

extension UInt8: TensorElement {
  /// U8, and the bits of BOOL and of the eight-bit floating-point types.
  public static var dtypes: [DType] { DType.allCases.filter { $0.bitSize == 8 && $0 != .i8 } }
}

extension UInt16: TensorElement {
  /// U16, and the bits of BF16 and F16.
  public static var dtypes: [DType] { [.u16, .bf16, .f16] }
}

extension UInt32: TensorElement {
  /// U32, and the bits of F32.
  public static var dtypes: [DType] { [.u32, .f32] }
}

extension UInt64: TensorElement {
  /// U64, and the bits of F64 and C64.
  public static var dtypes: [DType] { [.u64, .f64, .c64] }
}
