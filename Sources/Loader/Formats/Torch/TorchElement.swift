/// What torch's name of a storage class or dtype says of an element.
///
/// Source: torch/storage.py `_dtype_to_storage_type_map` and `_new_dtypes`, torch/_utils.py `_element_size`.
struct TorchElement: Hashable, Sendable {
  /// The type as safetensors names it; nil for one that safetensors has no name for.
  let dtype: DType?
  /// Bytes of an element.
  let size: Int

  private init(_ dtype: DType?, _ size: Int) {
    self.dtype = dtype
    self.size = size
  }

  /// The bytes of a storage that has no type.
  static let untyped = TorchElement(.u8, 1)

  /// The element of a storage class such as `torch.HalfStorage` or `torch.cuda.HalfStorage`; nil where it is none.
  init?(storage global: PickleGlobal) {
    guard ["torch", "torch.cuda", "torch.storage"].contains(global.module) else { return nil }
    if TorchElement.isUntyped(global) {
      self = .untyped
      return
    }
    guard global.module != "torch.storage", let element = TorchElement.storages[global.name] else { return nil }
    self = element
  }

  /// The element of a dtype such as `torch.bfloat16`; nil where it is none.
  init?(dtype global: PickleGlobal) {
    guard global.module == "torch", let element = TorchElement.dtypes[global.name] else { return nil }
    self = element
  }

  /// Whether a storage class counts bytes, not elements.
  static func isUntyped(_ global: PickleGlobal) -> Bool {
    (global.module == "torch.storage" || global.module == "torch" || global.module == "torch.cuda")
      && (global.name == "UntypedStorage" || global.name == "_UntypedStorage")
  }

  private static let storages: [String: TorchElement] = [
    "DoubleStorage": TorchElement(.f64, 8), "FloatStorage": TorchElement(.f32, 4),
    "HalfStorage": TorchElement(.f16, 2), "BFloat16Storage": TorchElement(.bf16, 2),
    "LongStorage": TorchElement(.i64, 8), "IntStorage": TorchElement(.i32, 4),
    "ShortStorage": TorchElement(.i16, 2), "CharStorage": TorchElement(.i8, 1),
    "ByteStorage": TorchElement(.u8, 1), "BoolStorage": TorchElement(.bool, 1),
    "ComplexFloatStorage": TorchElement(.c64, 8), "ComplexDoubleStorage": TorchElement(nil, 16),
    "QUInt8Storage": TorchElement(nil, 1), "QInt8Storage": TorchElement(nil, 1),
    "QInt32Storage": TorchElement(nil, 4), "QUInt4x2Storage": TorchElement(nil, 1),
    "QUInt2x4Storage": TorchElement(nil, 1),
  ]

  private static let dtypes: [String: TorchElement] = {
    var table: [String: TorchElement] = [
      "float64": TorchElement(.f64, 8), "double": TorchElement(.f64, 8),
      "float32": TorchElement(.f32, 4), "float": TorchElement(.f32, 4),
      "float16": TorchElement(.f16, 2), "half": TorchElement(.f16, 2), "bfloat16": TorchElement(.bf16, 2),
      "float8_e4m3fn": TorchElement(.f8e4m3, 1), "float8_e5m2": TorchElement(.f8e5m2, 1),
      "float8_e4m3fnuz": TorchElement(.f8e4m3fnuz, 1), "float8_e5m2fnuz": TorchElement(.f8e5m2fnuz, 1),
      "float8_e8m0fnu": TorchElement(.f8e8m0, 1), "float4_e2m1fn_x2": TorchElement(nil, 1),
      "int64": TorchElement(.i64, 8), "long": TorchElement(.i64, 8),
      "int32": TorchElement(.i32, 4), "int": TorchElement(.i32, 4),
      "int16": TorchElement(.i16, 2), "short": TorchElement(.i16, 2), "int8": TorchElement(.i8, 1),
      "uint8": TorchElement(.u8, 1), "uint16": TorchElement(.u16, 2), "uint32": TorchElement(.u32, 4),
      "uint64": TorchElement(.u64, 8), "bool": TorchElement(.bool, 1),
      "complex32": TorchElement(nil, 4), "complex64": TorchElement(.c64, 8), "complex128": TorchElement(nil, 16),
      "quint8": TorchElement(nil, 1), "qint8": TorchElement(nil, 1), "qint32": TorchElement(nil, 4),
      "quint4x2": TorchElement(nil, 1), "quint2x4": TorchElement(nil, 1),
      "bits8": TorchElement(nil, 1), "bits16": TorchElement(nil, 2), "bits1x8": TorchElement(nil, 1),
      "bits2x4": TorchElement(nil, 1), "bits4x2": TorchElement(nil, 1),
    ]
    for width in 1...7 {
      table["int\(width)"] = TorchElement(nil, 1)
      table["uint\(width)"] = TorchElement(nil, 1)
    }
    return table
  }()
}
