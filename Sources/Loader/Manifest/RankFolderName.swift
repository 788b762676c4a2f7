/// The name of a rank's folder in a Megatron-LM checkpoint: `mp_rank_TT`, with `_PPP` where there are pipeline stages and `_EEE`
/// where there are expert-parallel ranks.
///
/// Source: NVIDIA/Megatron-LM `megatron/training/checkpointing.py`, `get_checkpoint_name`.
struct RankFolderName: Hashable {
  /// The tensor-parallel rank.
  let tensor: Int
  /// The numbers behind it, none to two.
  let rest: [Int]

  /// Reads a name; nil for any other.
  init?(_ name: String) {
    guard name.hasPrefix("mp_rank_") else { return nil }
    let parts = name.dropFirst("mp_rank_".count).split(separator: "_", omittingEmptySubsequences: false)
    var numbers: [Int] = []
    for part in parts {
      guard let number = Int(part), part.count <= 6, part.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
      numbers.append(number)
    }
    guard let first = numbers.first, numbers.count <= 3 else { return nil }
    tensor = first
    rest = Array(numbers.dropFirst())
  }

  /// The pipeline stage and expert-parallel rank. One number alone is the stage, unless the run had one stage only.
  func coordinates(hasStages: Bool) -> (stage: Int, expert: Int) {
    switch rest.count {
    case 0: (0, 0)
    case 1: hasStages ? (rest[0], 0) : (0, rest[0])
    default: (rest[0], rest[1])
    }
  }
}
