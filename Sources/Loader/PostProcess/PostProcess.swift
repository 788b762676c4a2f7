/// Something that is done to a tensor after it was dealt: metadata in, metadata out. No number is touched before a range of the
/// result is asked for.
protocol PostProcess: Sendable {
  /// The tensors that a tensor becomes, in the order in which they stand in the source's place.
  /// - Parameter all: every tensor of the partition to which it is done.
  /// - Throws: `failedPrecondition` where its shape does not allow it.
  func outputs(
    of tensor: PostProcessInput, among all: [PostProcessInput]
  ) throws(LoaderError) -> [PostProcessOutput]
}

/// A tensor of a partition, as the rank holds it.
struct PostProcessInput: Sendable {
  /// Its name.
  let name: String
  /// The type of its elements in the source.
  let dtype: DType
  /// What the rank holds.
  let shape: [Int]
  /// What it is to the model.
  let role: Role
  /// Whether it belongs to a layer: embeddings and heads do not.
  let isOfLayer: Bool

  /// Elements, or nil where they cannot be counted.
  var count: Int? { DType.u8.byteCount(shape: shape) }
}

/// A tensor of the body.
struct PostProcessOutput: Sendable {
  /// Its name.
  let name: String
  /// The type of its elements.
  let dtype: DType
  /// Its extents.
  let shape: [Int]
  /// How its values are made.
  let scheme: TensorScheme
  /// What is computed; nil where the source's bytes are passed on.
  var operation: Transform.Operation?
  /// What `__metadata__` says of it.
  var metadata: [(key: String, value: String)] = []

  /// The tensor as it is.
  init(verbatim tensor: PostProcessInput) {
    name = tensor.name
    dtype = tensor.dtype
    shape = tensor.shape
    scheme = .native
  }

  init(
    name: String, dtype: DType, shape: [Int], scheme: TensorScheme, operation: Transform.Operation,
    metadata: [(key: String, value: String)] = []
  ) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.scheme = scheme
    self.operation = operation
    self.metadata = metadata
  }
}
