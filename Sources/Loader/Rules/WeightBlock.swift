/// The blocks of an FP8 weight that share a scale.
///
/// Source: deepseek-ai/DeepSeek-V3 `inference/kernel.py`, `weight_dequant`; transformers `integrations/finegrained_fp8.py`; vLLM
/// `model_executor/layers/quantization/utils/fp8_utils.py`, `validate_fp8_block_shape`: a partition holds whole blocks.
public struct WeightBlock: Sendable, Hashable {
  /// Rows of a block.
  public let rows: Int
  /// Columns of a block.
  public let columns: Int

  /// Blocks of a size.
  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  /// The length of a block along an axis of a weight with that many axes: the last two are rows and columns, others count matrices.
  public func length(axis: Int, rank: Int) -> Int {
    switch rank - axis {
    case 1: columns
    case 2: rows
    default: 1
    }
  }

  /// The shape of the scales of a weight of a shape: one for each block, also for those that the weight's edge cuts.
  public func scaleShape(of weight: [Int]) -> [Int]? {
    guard weight.count >= 2, rows > 0, columns > 0 else { return nil }
    return weight.indices.map { axis in
      let block = length(axis: axis, rank: weight.count)
      return weight[axis] / block + (weight[axis] % block == 0 ? 0 : 1)
    }
  }
}
