#!/usr/bin/env python3
"""Makes the sample checkpoint: a small GPT-2 as Megatron-LM with DeepSpeed saves it, over 2 tensor-parallel ranks.

    python3 Scripts/make_sample.py            # writes Sample/gpt2-tiny and Tests/Fixtures/sample/expected.json

The model is untrained: weights are drawn as Megatron draws them (normal, 0.02; output layers scaled by the depth) from a
fixed seed, so the same torch writes the same bytes. What is real is the form: torch.save's zip files, the outer dictionary
with `module`, `args` (an argparse.Namespace), `checkpoint_version` 2.0 and random states, tensors cut by Megatron's rules, and
DeepSpeed's JSON manifest beside them.

The script holds the whole model, so it also writes what every rank at mp 1, 2, 4 and 8 must be given: a line for each tensor
with dtype, shape and SHA-256. The end-to-end tests hold the server to that file.

Needs torch (made with 2.13.0) and nothing else.
"""
import argparse
import hashlib
import json
import pathlib

import torch

LAYERS, HIDDEN, HEADS, VOCABULARY, POSITIONS, RANKS, SEED = 2, 64, 8, 512, 64, 2, 1234
DEGREES = (1, 2, 4, 8)
DTYPE = torch.float16
HEAD = HIDDEN // HEADS

# Which axis a tensor is cut along, by the end of its name; everything else is whole on every rank. The fused QKV of version
# 2.0 is [heads, 3, head size, ...], so that cutting its rows evenly deals whole heads.
ROWS = (
    "word_embeddings.weight",
    "query_key_value.weight",
    "query_key_value.bias",
    "dense_h_to_4h.weight",
    "dense_h_to_4h.bias",
)
COLUMNS = ("attention.dense.weight", "dense_4h_to_h.weight")


def make_model():
    """The whole model's state dict, in Megatron's order."""
    generator = torch.Generator().manual_seed(SEED)

    def normal(*shape, scale=1.0):
        values = torch.randn(*shape, generator=generator, dtype=torch.float64) * 0.02 * scale
        return values.to(DTYPE)

    def bias(length):
        return normal(length)

    depth = (2.0 * LAYERS) ** -0.5
    state = {
        "word_embeddings.weight": normal(VOCABULARY, HIDDEN),
        "position_embeddings.weight": normal(POSITIONS, HIDDEN),
    }
    for layer in range(LAYERS):
        at = f"transformer.layers.{layer}."
        state[at + "input_layernorm.weight"] = 1 + bias(HIDDEN)
        state[at + "input_layernorm.bias"] = bias(HIDDEN)
        state[at + "attention.query_key_value.weight"] = normal(3 * HIDDEN, HIDDEN)
        state[at + "attention.query_key_value.bias"] = bias(3 * HIDDEN)
        state[at + "attention.dense.weight"] = normal(HIDDEN, HIDDEN, scale=depth)
        state[at + "attention.dense.bias"] = bias(HIDDEN)
        state[at + "post_attention_layernorm.weight"] = 1 + bias(HIDDEN)
        state[at + "post_attention_layernorm.bias"] = bias(HIDDEN)
        state[at + "mlp.dense_h_to_4h.weight"] = normal(4 * HIDDEN, HIDDEN)
        state[at + "mlp.dense_h_to_4h.bias"] = bias(4 * HIDDEN)
        state[at + "mlp.dense_4h_to_h.weight"] = normal(HIDDEN, 4 * HIDDEN, scale=depth)
        state[at + "mlp.dense_4h_to_h.bias"] = bias(HIDDEN)
    state["transformer.final_layernorm.weight"] = 1 + bias(HIDDEN)
    state["transformer.final_layernorm.bias"] = bias(HIDDEN)
    return state


def cut(name, tensor, rank, mp):
    """What rank `rank` of `mp` holds of a tensor."""
    if name.endswith(ROWS):
        return tensor.chunk(mp, 0)[rank].contiguous()
    if name.endswith(COLUMNS):
        return tensor.chunk(mp, 1)[rank].contiguous()
    return tensor


def make_arguments(rank):
    """Megatron's `args`, the part of it that says something of the model or of how it was saved."""
    return argparse.Namespace(
        num_layers=LAYERS,
        hidden_size=HIDDEN,
        ffn_hidden_size=4 * HIDDEN,
        num_attention_heads=HEADS,
        kv_channels=HEAD,
        max_position_embeddings=POSITIONS,
        seq_length=POSITIONS,
        padded_vocab_size=VOCABULARY,
        make_vocab_size_divisible_by=128,
        layernorm_epsilon=1e-5,
        params_dtype=DTYPE,
        fp16=True,
        tensor_model_parallel_size=RANKS,
        pipeline_model_parallel_size=1,
        rank=rank,
        world_size=RANKS,
        seed=SEED,
        init_method_std=0.02,
        lr=1.5e-4,
        split="969, 30, 1",
    )


def write_rank(folder, state, rank):
    """`mp_rank_0R_model_states.pt`, as DeepSpeed's engine names and fills it."""
    checkpoint = {
        "module": {name: cut(name, tensor, rank, RANKS) for name, tensor in state.items()},
        "buffer_names": [],
        "optimizer": None,
        "lr_scheduler": {"max_lr": 1.5e-4, "num_steps": 1000, "decay_style": "cosine"},
        "csr_tensor_module_names": set(),
        "skipped_steps": 0,
        "global_steps": 1000,
        "global_samples": 8000,
        "dp_world_size": 1,
        "mp_world_size": RANKS,
        "ds_config": {"train_batch_size": 8, "fp16": {"enabled": True}},
        "ds_version": "0.19.8",
        "args": make_arguments(rank),
        "checkpoint_version": 2.0,
        "iteration": 1000,
        "torch_rng_state": torch.Generator().manual_seed(SEED + rank).get_state()[:64].clone(),
    }
    torch.save(checkpoint, folder / f"mp_rank_{rank:02d}_model_states.pt")


def write_manifest(folder):
    manifest = {
        "name": "gpt2-tiny",
        "type": "Megatron",
        "version": 2.0,
        "parallelization": "tp",
        "mp_size": RANKS,
        "checkpoints": [f"mp_rank_{rank:02d}_model_states.pt" for rank in range(RANKS)],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def write_expectations(path, state):
    """A line a tensor, so that a change shows as the lines that changed."""
    lines = []
    for mp in DEGREES:
        for rank in range(mp):
            for name, tensor in state.items():
                part = cut(name, tensor, rank, mp)
                digest = hashlib.sha256(part.view(torch.uint8).numpy().tobytes()).hexdigest()
                lines.append(
                    json.dumps(
                        {"mp": mp, "rank": rank, "name": name, "dtype": "F16", "shape": list(part.shape), "sha256": digest}
                    )
                )
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n")


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=root / "Sample" / "gpt2-tiny")
    parser.add_argument("--expected", type=pathlib.Path, default=root / "Tests" / "Fixtures" / "sample" / "expected.json")
    options = parser.parse_args()
    for folder in (options.output, options.expected.parent):
        folder.mkdir(parents=True, exist_ok=True)
    state = make_model()
    for rank in range(RANKS):
        write_rank(options.output, state, rank)
    write_manifest(options.output)
    write_expectations(options.expected, state)


if __name__ == "__main__":
    main()
