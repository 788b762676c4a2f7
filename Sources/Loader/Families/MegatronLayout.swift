/// The order of the rows of a fused QKV in a Megatron checkpoint, by its version.
///
/// Source: NVIDIA/Megatron-LM `megatron/checkpointing.py`, `fix_query_key_value_ordering`, and DeepSpeed
/// `runtime/state_dict_factory.py`, `MegatronSDLoader.merge_query_key_value`.
public enum MegatronLayout: String, Sendable, Hashable {
  /// Version 0: `[3, np, hn]`.
  case version0 = "0"
  /// Version 1.0: `[np, hn, 3]`.
  case version1 = "1.0"
  /// Versions 2.0 and 3.0: `[np, 3, hn]`.
  case version2 = "2.0"

  /// The layout that a version number means; nil for an unknown one.
  public init?(version: Double) {
    switch version {
    case 0: self = .version0
    case 1: self = .version1
    case 2, 3: self = .version2
    default: return nil
    }
  }

  /// How the fused axis is cut.
  var order: Role.FusedOrder { self == .version0 ? .blocks : .heads }
}
