/// What the name of a file in a DeepSpeed training run's folder says.
///
/// Source: DeepSpeed `runtime/engine.py`, `_get_ckpt_name`, `_get_rank_zero_ckpt_name` and `_get_expert_ckpt_name`;
/// `runtime/pipe/module.py`, `ckpt_layer_path`.
enum DeepSpeedFileName: Hashable {
  /// `mp_rank_MM_model_states.pt`: the module of a tensor-parallel rank, or what a pipeline stage keeps beside its layers.
  case model(rank: Int)
  /// `zero_pp_rank_D_mp_rank_MM_model_states.pt`: what a data-parallel rank of ZeRO-3 keeps beside the parameters.
  case partition(data: Int, rank: Int)
  /// `[bf16_]zero_pp_rank_D_mp_rank_MM_optim_states.pt`: a data-parallel rank's part of the optimizer.
  case optimizer(data: Int, rank: Int)
  /// `layer_LL[-model_MM]-model_states.pt`: one layer of a pipeline.
  case layer(Int, rank: Int)
  /// `layer_L_expert_E_mp_rank_MM_model_states.pt`: one expert; before 2022 without its layer, and of all layers.
  case expert(layer: Int, expert: Int, rank: Int)

  private static let patterns: [(pattern: NamePattern?, make: @Sendable ([Int]) -> DeepSpeedFileName)] = [
    (NamePattern("mp_rank_#_model_states.pt"), { .model(rank: $0[0]) }),
    (NamePattern("zero_pp_rank_#_mp_rank_#_model_states.pt"), { .partition(data: $0[0], rank: $0[1]) }),
    (NamePattern("{,bf16_,fp16_}zero_pp_rank_#_mp_rank_#_optim_states.pt"), { .optimizer(data: $0[0], rank: $0[1]) }),
    (NamePattern("layer_#-model_#-model_states.pt"), { .layer($0[0], rank: $0[1]) }),
    (NamePattern("layer_#-model_states.pt"), { .layer($0[0], rank: 0) }),
    (
      NamePattern("layer_#_expert_#_mp_rank_#_model_states.pt"),
      { .expert(layer: $0[0], expert: $0[1], rank: $0[2]) }
    ),
    (NamePattern("expert_#_mp_rank_#_model_states.pt"), { .expert(layer: -1, expert: $0[0], rank: $0[1]) }),
  ]

  /// Reads a name; nil for any other.
  init?(_ name: String) {
    for (pattern, make) in DeepSpeedFileName.patterns {
      if let numbers = pattern?.match(name) {
        self = make(numbers)
        return
      }
    }
    return nil
  }
}
