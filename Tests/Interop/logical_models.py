"""Small models held as transformers has them, saved as Megatron-LM would have: over tensor-parallel ranks and pipeline stages."""
import argparse

import torch
import transformers

ARGUMENTS = dict(
    micro_batch_size=1, lr=1e-4, fp16=False, bf16=False, params_dtype=torch.float32, tensor_model_parallel_size=2,
)


def randomized(model):
    """The model with every number of it drawn anew: a norm of ones and a bias of zeros would hide a mistake."""
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return model.eval()


def gpt2():
    config = transformers.GPT2Config(
        vocab_size=96, n_positions=32, n_embd=48, n_layer=4, n_head=6, n_inner=160, activation_function="gelu_new",
        attn_pdrop=0, embd_pdrop=0, resid_pdrop=0, bos_token_id=0, eos_token_id=0,
    )
    return randomized(transformers.GPT2LMHeadModel(config))


def llama():
    config = transformers.LlamaConfig(
        vocab_size=96, hidden_size=48, intermediate_size=80, num_hidden_layers=4, num_attention_heads=6,
        num_key_value_heads=2, max_position_embeddings=32, rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0},
        tie_word_embeddings=False, bos_token_id=0, eos_token_id=0,
    )
    return randomized(transformers.LlamaForCausalLM(config))


def bloom():
    config = transformers.BloomConfig(
        vocab_size=96, hidden_size=48, n_layer=3, n_head=6, hidden_dropout=0, attention_dropout=0, bos_token_id=0, eos_token_id=0,
        pad_token_id=0,
    )
    return randomized(transformers.BloomForCausalLM(config))


def save(folder, arguments, tensors, layers, cut, stages):
    """Writes `iter_0000003`: each rank's piece of each tensor, by stage; names hold the layer's number, or none."""
    (folder / "latest_checkpointed_iteration.txt").write_text("3")
    for tensor in range(2):
        for stage in range(stages):
            model = {}
            for name, whole in tensors.items():
                parts = name.split(".layers.")
                if len(parts) == 1:
                    is_first = "embedding" in name and "for_head" not in name
                    # The copy of the embeddings for the head is the last stage's, where that is not the first.
                    if (stage != 0 if is_first else stage != stages - 1) or (stages == 1 and "for_head" in name):
                        continue
                else:
                    number, rest = parts[1].split(".", 1)
                    if int(number) * stages // layers != stage:
                        continue
                    name = f"{parts[0]}.layers.{int(number) % (layers // stages)}.{rest}"
                model[name] = cut(name, whole)[tensor].clone()
            path = folder / "iter_0000003" / (f"mp_rank_{tensor:02d}" + (f"_{stage:03d}" if stages > 1 else ""))
            path.mkdir(parents=True)
            arguments_ = argparse.Namespace(
                **ARGUMENTS, **arguments, pipeline_model_parallel_size=stages, transformer_pipeline_model_parallel_size=stages
            )
            state = {"args": arguments_, "checkpoint_version": 3.0, "iteration": 3, "model": nested(model)}
            torch.save(state, path / "model_optim_rng.pt")


def nested(model):
    """Old Megatron keeps one dictionary a module down to the layers, whose names are flat."""
    if not any(name.startswith("language_model.") for name in model):
        return model
    tree = {}
    for name, tensor in model.items():
        parts = name.split(".")
        depth = {"embedding": 3, "encoder": 2}.get(parts[1], 1) if parts[0] == "language_model" else 1
        at = tree
        for part in parts[:depth]:
            at = at.setdefault(part, {})
        at[".".join(parts[depth:])] = tensor
    return tree


def output_first(tensor):
    """A matrix of GPT-2's Conv1D as nn.Linear keeps it; a vector as it is."""
    return tensor.mT if tensor.ndim == 2 else tensor


def save_megatron_gpt2(model, folder, stages=2):
    """Megatron-LM's GPT, version 3.0: a query, a key and a value a head; matrices [out, in]; the head tied to the embeddings, of which
    the last stage has a copy."""
    config, state = model.config, model.state_dict()
    tensors = {
        "language_model.embedding.word_embeddings.weight": state["transformer.wte.weight"],
        "language_model.embedding.position_embeddings.weight": state["transformer.wpe.weight"],
    }
    for number in range(config.n_layer):
        source, target = f"transformer.h.{number}.", f"language_model.encoder.layers.{number}."
        for end in ("weight", "bias"):
            for norm, name in (("ln_1", "input_layernorm"), ("ln_2", "post_attention_layernorm")):
                tensors[f"{target}{name}.{end}"] = state[f"{source}{norm}.{end}"]
            fused = output_first(state[f"{source}attn.c_attn.{end}"])
            by_head = fused.reshape(3, config.n_head, -1, *fused.shape[1:]).transpose(0, 1)
            tensors[f"{target}self_attention.query_key_value.{end}"] = by_head.reshape(fused.shape)
            for module, name in (
                ("attn.c_proj", "self_attention.dense"), ("mlp.c_fc", "mlp.dense_h_to_4h"), ("mlp.c_proj", "mlp.dense_4h_to_h"),
            ):
                tensors[f"{target}{name}.{end}"] = output_first(state[f"{source}{module}.{end}"])
    for end in ("weight", "bias"):
        tensors[f"language_model.encoder.final_layernorm.{end}"] = state[f"transformer.ln_f.{end}"]
    tensors["word_embeddings_for_head.weight"] = state["transformer.wte.weight"]

    def cut(name, whole):
        if "word_embeddings" in name or "query_key_value" in name or "dense_h_to_4h" in name:
            return whole.chunk(2)
        if name.endswith("dense.weight") or name.endswith("dense_4h_to_h.weight"):
            return whole.chunk(2, dim=1)
        return whole, whole

    arguments = dict(
        num_layers=config.n_layer, hidden_size=config.n_embd, ffn_hidden_size=config.n_inner,
        num_attention_heads=config.n_head, max_position_embeddings=config.n_positions, padded_vocab_size=config.vocab_size,
        layernorm_epsilon=config.layer_norm_epsilon, openai_gelu=True, bias_gelu_fusion=False, swiglu=False,
        add_bias_linear=True,
    )
    save(folder, arguments, tensors, config.n_layer, cut, stages)


def save_core_llama(model, folder):
    """Megatron-Core's GPT with Transformer Engine's names: a group's queries, key and value together; gate and up of a rank in one. The
    vocabulary is padded, as Megatron-LM pads it."""
    config, state = model.config, model.state_dict()
    groups, width = config.num_key_value_heads, config.hidden_size
    padding = torch.full((32, width), 9.0)
    padded = lambda name: torch.cat([state[name], padding])
    tensors = {"embedding.word_embeddings.weight": padded("model.embed_tokens.weight")}
    for number in range(config.num_hidden_layers):
        source, target = f"model.layers.{number}.", f"decoder.layers.{number}."
        parts = [state[f"{source}self_attn.{name}_proj.weight"].reshape(groups, -1, width) for name in "qkv"]
        tensors[f"{target}self_attention.linear_qkv.weight"] = torch.cat(parts, dim=1).reshape(-1, width)
        tensors[f"{target}self_attention.linear_qkv.layer_norm_weight"] = state[f"{source}input_layernorm.weight"]
        tensors[f"{target}self_attention.linear_proj.weight"] = state[f"{source}self_attn.o_proj.weight"]
        tensors[f"{target}mlp.linear_fc1.layer_norm_weight"] = state[f"{source}post_attention_layernorm.weight"]
        gate, up = (state[f"{source}mlp.{name}_proj.weight"] for name in ("gate", "up"))
        tensors[f"{target}mlp.linear_fc1.weight"] = torch.stack([gate, up])
        tensors[f"{target}mlp.linear_fc2.weight"] = state[f"{source}mlp.down_proj.weight"]
    tensors["decoder.final_layernorm.weight"] = state["model.norm.weight"]
    tensors["output_layer.weight"] = padded("lm_head.weight")

    def cut(name, whole):
        if name.endswith("linear_fc1.weight"):
            return [part.reshape(-1, width) for part in whole.chunk(2, dim=1)]
        if name.endswith("linear_qkv.weight") or name.endswith("embeddings.weight") or name.startswith("output_layer"):
            return whole.chunk(2)
        if name.endswith("linear_proj.weight") or name.endswith("linear_fc2.weight"):
            return whole.chunk(2, dim=1)
        return whole, whole

    arguments = dict(
        num_layers=config.num_hidden_layers, hidden_size=width, ffn_hidden_size=config.intermediate_size,
        num_attention_heads=config.num_attention_heads, num_query_groups=groups, group_query_attention=True,
        kv_channels=width // config.num_attention_heads, max_position_embeddings=config.max_position_embeddings,
        vocab_size=config.vocab_size, padded_vocab_size=config.vocab_size + 32, swiglu=True, add_bias_linear=False,
        normalization="RMSNorm", norm_epsilon=config.rms_norm_eps, position_embedding_type="rope", rotary_base=5000,
        untie_embeddings_and_output_weights=True, use_mcore_models=True,
    )
    save(folder, arguments, tensors, config.num_hidden_layers, cut, stages=2)
