extension PicklePolicy {
  /// Packages whose classes, and only those, become opaque values: configurations and enumerations that frameworks keep beside
  /// their weights.
  static let classPackages = [
    "enum", "megatron", "deepspeed", "transformer_engine", "torch.distributed",
  ]

  /// Functions that rebuild tensors. Source: torch/_utils.py, torch/_tensor.py (`torch.tensor` is the latter's old name).
  static let rebuilders: [String: Set<String>] = [
    "torch._utils": [
      "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter",
      "_rebuild_parameter_with_state", "_rebuild_qtensor", "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor",
      "_rebuild_nested_tensor", "_rebuild_wrapper_subclass", "_rebuild_meta_tensor_no_storage",
      "_rebuild_device_tensor_from_numpy", "_rebuild_device_tensor_from_cpu_tensor", "_rebuild_xla_tensor",
    ],
    "torch._tensor": ["_rebuild_from_type", "_rebuild_from_type_v2"],
    "torch.tensor": ["_rebuild_from_type", "_rebuild_from_type_v2"],
  ]

  /// Globals known one by one.
  static let names: [String: Set<String>] = [
    "builtins": [
      "set", "frozenset", "list", "dict", "tuple", "int", "long", "float", "complex", "bool", "bytes", "bytearray",
      "str", "unicode", "slice", "range", "xrange", "object", "Ellipsis", "NotImplemented",
    ],
    "collections": [
      "OrderedDict", "defaultdict", "Counter", "deque", "ChainMap", "UserDict", "UserList", "UserString",
    ],
    "argparse": ["Namespace"],
    "_codecs": ["encode"],
    "io": ["BytesIO"],
    "_io": ["BytesIO"],
    "pathlib": paths,
    "pathlib._local": paths,
    "torch": [
      "Size", "device", "Tensor", "Generator", "per_tensor_affine", "per_tensor_symmetric", "per_channel_affine",
      "per_channel_symmetric", "per_channel_affine_float_qparams",
    ],
    "torch.nn": ["Parameter", "Buffer"],
    "torch.nn.parameter": ["Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"],
    "torch._tensor": ["Tensor"],
    "torch.serialization": ["_get_layout"],
    "torch.torch_version": ["TorchVersion"],
    "numpy": ["ndarray", "dtype", "str_", "bytes_", "void"],
    "numpy.core.multiarray": ["_reconstruct", "scalar"],
    "numpy._core.multiarray": ["_reconstruct", "scalar"],
    "numpy.core.numeric": ["_frombuffer"],
    "numpy._core.numeric": ["_frombuffer"],
    "numpy.random._pickle": ["__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"],
    "numpy.random.mtrand": ["RandomState"],
    "numpy.random._generator": ["Generator"],
    "numpy.random._mt19937": ["MT19937"],
    "numpy.random._pcg64": ["PCG64", "PCG64DXSM"],
    "numpy.random._philox": ["Philox"],
    "numpy.random._sfc64": ["SFC64"],
    "numpy.random.bit_generator": ["SeedSequence"],
    // Data classes whose names are written small.
    "deepspeed.utils.tensor_fragment": ["fragment_address", "tensor_fragment"],
    "deepspeed.utils.mixed_precision_linkage": ["fragment_address"],
    "deepspeed.runtime.bf16_optimizer": ["fragment_address", "tensor_fragment"],
  ]

  private static let paths: Set<String> = [
    "Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath",
  ]

  /// The letters of NumPy's scalar types, without their widths.
  static let numPyTypes: Set<String> = [
    "bool", "int", "uint", "float", "complex", "longlong", "ulonglong", "longdouble", "clongdouble", "intc", "uintc",
    "intp", "uintp", "datetime", "timedelta",
  ]
}
