"""How long a checkpoint takes to index and plan, page cache warm, beside what Python's safetensors takes to open the same files
and read every shape: alternating, medians.

    index.py BENCHMARK_BINARY

The checkpoints are sparse: their headers are real, their weights are holes. They are made in a temporary folder and removed.
"""
import json
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors import safe_open

LAYERS, HIDDEN, INNER, HEADS, PAIRS, VOCABULARY = 80, 8192, 28672, 64, 8, 32000
FILES = 30


def llama_70b():
    """Names and shapes of LLaMA-2 70B: 723 tensors."""
    width = HIDDEN // HEADS
    shapes = {"model.embed_tokens.weight": [VOCABULARY, HIDDEN]}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        shapes.update({
            prefix + "self_attn.q_proj.weight": [HIDDEN, HIDDEN],
            prefix + "self_attn.k_proj.weight": [PAIRS * width, HIDDEN],
            prefix + "self_attn.v_proj.weight": [PAIRS * width, HIDDEN],
            prefix + "self_attn.o_proj.weight": [HIDDEN, HIDDEN],
            prefix + "mlp.gate_proj.weight": [INNER, HIDDEN],
            prefix + "mlp.up_proj.weight": [INNER, HIDDEN],
            prefix + "mlp.down_proj.weight": [HIDDEN, INNER],
            prefix + "input_layernorm.weight": [HIDDEN],
            prefix + "post_attention_layernorm.weight": [HIDDEN],
        })
    shapes.update({"model.norm.weight": [HIDDEN], "lm_head.weight": [VOCABULARY, HIDDEN]})
    return shapes


def make_hugging_face(folder):
    """Sparse safetensors files with an index and a configuration."""
    names = list(llama_70b().items())
    weight_map = {}
    for number in range(FILES):
        part = names[number * len(names) // FILES:(number + 1) * len(names) // FILES]
        header, end = {}, 0
        for name, shape in part:
            size = 2
            for extent in shape:
                size *= extent
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
            end += size
            weight_map[name] = f"model-{number + 1:05d}-of-{FILES:05d}.safetensors"
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        with open(folder / f"model-{number + 1:05d}-of-{FILES:05d}.safetensors", "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.truncate(8 + len(text) + end)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": HIDDEN, "intermediate_size": INNER, "num_attention_heads": HEADS,
        "num_key_value_heads": PAIRS, "num_hidden_layers": LAYERS, "vocab_size": VOCABULARY}))


def make_megatron(folder, tensor=8, pipeline=4, layers=80, hidden=64):
    """A Megatron-LM folder of real torch files, small tensors."""
    import argparse
    arguments = argparse.Namespace(
        num_attention_heads=8, hidden_size=hidden, num_layers=layers, pipeline_model_parallel_size=pipeline,
        tensor_model_parallel_size=tensor)
    (folder / "latest_checkpointed_iteration.txt").write_text("10")
    for stage in range(pipeline):
        encoder = {}
        for layer in range(layers // pipeline):
            for name, shape in {
                "input_layernorm.weight": [hidden], "input_layernorm.bias": [hidden],
                "self_attention.query_key_value.weight": [3 * hidden // tensor, hidden],
                "self_attention.query_key_value.bias": [3 * hidden // tensor],
                "self_attention.dense.weight": [hidden, hidden // tensor], "self_attention.dense.bias": [hidden],
                "post_attention_layernorm.weight": [hidden], "post_attention_layernorm.bias": [hidden],
                "mlp.dense_h_to_4h.weight": [4 * hidden // tensor, hidden],
                "mlp.dense_h_to_4h.bias": [4 * hidden // tensor],
                "mlp.dense_4h_to_h.weight": [hidden, 4 * hidden // tensor], "mlp.dense_4h_to_h.bias": [hidden],
            }.items():
                encoder[f"layers.{layer}.{name}"] = torch.zeros(shape, dtype=torch.float16)
        model = {"language_model": {"encoder": encoder}}
        for rank in range(tensor):
            path = folder / "iter_0000010" / f"mp_rank_{rank:02d}_{stage:03d}"
            path.mkdir(parents=True)
            torch.save({"args": arguments, "checkpoint_version": 3.0, "iteration": 10, "model": model},
                       path / "model_optim_rng.pt")


def safetensors_shapes(folder):
    """Milliseconds that Python's safetensors takes to open every file and read every shape."""
    start = time.perf_counter()
    count = 0
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="np") as file:
            for name in file.keys():
                file.get_slice(name).get_shape()
                count += 1
    return (time.perf_counter() - start) * 1000, count


def ours(binary, folder, mp, runs):
    index, plan, tensors = subprocess.run(
        [binary, folder, str(mp), str(runs)], check=True, capture_output=True, text=True).stdout.split()
    return float(index), float(plan), int(tensors)


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "llama-70b"
        folder.mkdir()
        make_hugging_face(folder)
        safetensors_shapes(folder)
        peer, index, plan = [], [], []
        for _ in range(7):
            peer.append(statistics.median(safetensors_shapes(folder)[0] for _ in range(9)))
            once = ours(binary, folder, 8, 9)
            index.append(once[0])
            plan.append(once[1])
        theirs, mine = statistics.median(peer), statistics.median(index)
        print("| work | here | Python safetensors, the same files | ratio |")
        print("| --- | --- | --- | --- |")
        print(f"| index of a Hugging Face folder of {FILES} files, 723 tensors | {mine:.2f} ms | {theirs:.2f} ms |"
              f" {mine / theirs:.2f} |")
        print(f"| plan of a rank of mp 8 | {statistics.median(plan):.2f} ms | - | - |")
        folder = Path(work) / "megatron"
        folder.mkdir()
        make_megatron(folder)
        ours(binary, folder, 8, 1)
        index, plan, tensors = ours(binary, folder, 4, 9)
        print(f"| index of a Megatron-LM folder of 8 tp x 4 pp, {tensors} tensors a rank | {index:.2f} ms | - | - |")
        print(f"| plan of a rank of mp 4 | {plan:.2f} ms | - | - |")


if __name__ == "__main__":
    main()
