"""How long a checkpoint takes to index and plan, page cache warm, against what Python's safetensors takes to open the same files
and read every shape. The checkpoints are sparse: their headers are real, their weights are holes."""
import argparse
import json
import statistics
import subprocess
import time

import torch
from safetensors import safe_open

from checkpoints import write_safetensors
from harness import Series, Table, compare

TITLE = "Index and plan"
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
        name = f"model-{number + 1:05d}-of-{FILES:05d}.safetensors"
        write_safetensors(folder / name, dict(part))
        weight_map |= dict.fromkeys(dict(part), name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": HIDDEN, "intermediate_size": INNER, "num_attention_heads": HEADS,
        "num_key_value_heads": PAIRS, "num_hidden_layers": LAYERS, "vocab_size": VOCABULARY}))


def make_megatron(folder, tensor=8, pipeline=4, layers=80, hidden=64):
    """A Megatron-LM folder of real torch files, small tensors."""
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
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="np") as file:
            for name in file.keys():
                file.get_slice(name).get_shape()
    return (time.perf_counter() - start) * 1000


def run(bench):
    program = bench.programs.benchmark("IndexBenchmark")

    def ours(folder, mp):
        words = subprocess.run([program, folder, str(mp), "9"], check=True, capture_output=True, text=True).stdout.split()
        return [float(word) for word in words[:2]]
    folder = bench.folder()
    make_hugging_face(folder)
    yield Table(TITLE, "Python safetensors, opening the same files and reading every shape", [compare(
        f"index of a Hugging Face folder of {FILES} files, 723 tensors", lambda: ours(folder, 8)[0],
        lambda: statistics.median(safetensors_shapes(folder) for _ in range(9)), "ms", bench.rounds(7), asked=3, least=False)])
    megatron = bench.folder()
    make_megatron(megatron)
    ours(megatron, 8)
    yield Series("Index and plan, without a peer", ["files", "index, ms", "plan of a rank, ms"], [
        (FILES, *ours(folder, 8)), (32, *ours(megatron, 4))], [], "index",
        "The first is that folder at mp 8, the second a Megatron-LM folder of 8 tp x 4 pp (7,680 tensors in 32 torch files) at mp 4.")
