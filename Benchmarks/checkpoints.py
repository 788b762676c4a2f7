"""Checkpoints that the benchmarks measure: random bytes in the shapes of models, and sparse files where only sizes matter."""
import argparse
import json
import math
import struct

import numpy
import torch


def write_safetensors(path, shapes, dtype="BF16", fill=None):
    """A safetensors file of tensors by name; `fill` writes so many bytes, else they are holes."""
    header, end = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape) * 2
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        if fill:
            fill(file, end)
        else:
            file.truncate(8 + len(text) + end)


def random_bytes(file, count, block=1 << 26):
    generator = numpy.random.default_rng(count)
    for start in range(0, count, block):
        file.write(generator.bytes(min(block, count - start)))


def llama_layer(prefix, hidden, inner):
    return {
        prefix + "self_attn.q_proj.weight": [hidden, hidden], prefix + "self_attn.k_proj.weight": [hidden, hidden],
        prefix + "self_attn.v_proj.weight": [hidden, hidden], prefix + "self_attn.o_proj.weight": [hidden, hidden],
        prefix + "mlp.gate_proj.weight": [inner, hidden], prefix + "mlp.up_proj.weight": [inner, hidden],
        prefix + "mlp.down_proj.weight": [hidden, inner], prefix + "input_layernorm.weight": [hidden],
        prefix + "post_attention_layernorm.weight": [hidden],
    }


def write_llama(folder, mib=None, layers=None, hidden=2048, inner=8192, files=1, random=True):
    """A Hugging Face folder of a LLaMA: of about so many MiB, or of so many layers."""
    layers = layers or max(mib * 2**20 // (2 * (4 * hidden * hidden + 3 * hidden * inner)), 1)
    folder.mkdir(parents=True, exist_ok=True)
    weight_map = {}
    for number in range(files):
        name = f"model-{number + 1:05d}-of-{files:05d}.safetensors" if files > 1 else "model.safetensors"
        shapes = {}
        for layer in range(number * layers // files, (number + 1) * layers // files):
            shapes |= llama_layer(f"model.layers.{layer}.", hidden, inner)
        write_safetensors(folder / name, shapes, fill=random_bytes if random else None)
        weight_map |= dict.fromkeys(shapes, name)
    if files > 1:
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": hidden, "intermediate_size": inner, "num_attention_heads": 64,
        "num_key_value_heads": 64, "num_hidden_layers": layers, "vocab_size": 32000}))
    return folder


def random_tensor(generator, *shape):
    words = generator.integers(0, 2**63, math.prod(shape) // 4, dtype=numpy.int64)
    return torch.from_numpy(words).view(torch.float16).view(*shape)


def write_megatron(folder, mib, hidden=2048, ranks=2):
    """A GPT-2 of about so many MiB that Megatron saved over some ranks, version 2.0, with DeepSpeed's manifest; its path."""
    vocabulary, positions = 1024, 64
    layers = max(mib * 2**20 // (24 * hidden * hidden), 1)
    arguments = argparse.Namespace(
        num_attention_heads=hidden // 128, hidden_size=hidden, num_layers=layers, max_position_embeddings=positions,
        padded_vocab_size=vocabulary, ffn_hidden_size=4 * hidden, position_embedding_type="learned_absolute")
    names = []
    for rank in range(ranks):
        own, same = numpy.random.default_rng(rank), numpy.random.default_rng(ranks)
        module = {"word_embeddings.weight": random_tensor(own, vocabulary // ranks, hidden),
                  "position_embeddings.weight": random_tensor(same, positions, hidden)}
        for layer in range(layers):
            prefix = f"transformer.layers.{layer}."
            module |= {
                prefix + "input_layernorm.weight": random_tensor(same, hidden),
                prefix + "input_layernorm.bias": random_tensor(same, hidden),
                prefix + "attention.query_key_value.weight": random_tensor(own, 3 * hidden // ranks, hidden),
                prefix + "attention.query_key_value.bias": random_tensor(own, 3 * hidden // ranks),
                prefix + "attention.dense.weight": random_tensor(own, hidden, hidden // ranks),
                prefix + "attention.dense.bias": random_tensor(same, hidden),
                prefix + "post_attention_layernorm.weight": random_tensor(same, hidden),
                prefix + "post_attention_layernorm.bias": random_tensor(same, hidden),
                prefix + "mlp.dense_h_to_4h.weight": random_tensor(own, 4 * hidden // ranks, hidden),
                prefix + "mlp.dense_h_to_4h.bias": random_tensor(own, 4 * hidden // ranks),
                prefix + "mlp.dense_4h_to_h.weight": random_tensor(own, hidden, 4 * hidden // ranks),
                prefix + "mlp.dense_4h_to_h.bias": random_tensor(same, hidden),
            }
        module |= {f"transformer.final_layernorm.{name}": random_tensor(same, hidden) for name in ("weight", "bias")}
        names.append(f"mp_rank_{rank:02d}_model_states.pt")
        torch.save({"module": module, "args": arguments, "checkpoint_version": 2.0}, folder / names[-1])
    (folder / "manifest.json").write_text(json.dumps(
        {"type": "Megatron", "version": 2.0, "mp_size": ranks, "checkpoints": names}))
    return folder / "manifest.json"
