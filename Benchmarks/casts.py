"""Casts and quantization as they are served, against torch doing the same in memory with one thread: GB/s of the source's bytes, from
the request to the last byte received."""
import json
import statistics

import safetensors.torch
import torch

from harness import Table, compare, memory, say, timed

TITLE = "Casts and quantization"
MIB = 128
NAME = "model.layers.0.mlp.up_proj.weight"
TYPES = {
    "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16,
    "float8_e4m3fn": torch.float8_e4m3fn, "float8_e5m2": torch.float8_e5m2,
}


def int8(tensor, size=64):
    groups = tensor.float().view(-1, size)
    scale = 256 / (2 * groups.abs().amax(1, keepdim=True) + 1e-5)
    return (groups * scale).round_().clamp_(-128, 127).to(torch.int8), 1 / scale


def int4(tensor, size=64):
    groups = tensor.float().view(-1, size)
    least, greatest = groups.amin(1, keepdim=True), groups.amax(1, keepdim=True)
    scale = (greatest - least) / 15
    values = ((groups - least) / scale).round_().clamp_(0, 15).to(torch.uint8).view(-1)
    return values[0::2] | values[1::2] << 4, scale, least


def operations(tensor):
    for name, dtype in TYPES.items():
        if dtype != tensor.dtype:
            yield f"to {name}", f"dtype={name}", lambda dtype=dtype: tensor.to(dtype)
    yield "int8, groups of 64", "quantize=int8&group_size=64", lambda: int8(tensor)
    yield "int8, 64 groups", "quantize=int8", lambda: int8(tensor, tensor.numel() // 64)
    yield "int4, groups of 64", "quantize=int4", lambda: int4(tensor)


def rows(bench, name):
    source = TYPES[name]
    tensor = torch.randn(bench.mib(MIB) * 2**20 // source.itemsize // 4096, 4096).to(source)
    folder = bench.folder("/dev/shm")
    safetensors.torch.save_file({NAME: tensor}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(
        {"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32, "num_hidden_layers": 1}))
    daemon, receiver = bench.daemon(folder), bench.receiver()
    size, firsts = tensor.numel() * tensor.itemsize / 1e9, []
    for work, query, operation in operations(tensor):
        def served():
            seconds, _, first = receiver.take(daemon.port, [f"/shard?rank=0&mp=1&{query}"])
            firsts.append(first * 1000)
            return size / seconds
        yield compare(f"{name}, {work}", served, lambda: size / timed(operation), "GB/s", bench.rounds(5))
    say(f"  {statistics.median(firsts):.1f} ms to the first byte, {memory(daemon.pid)[1]:.0f} MiB resident at most")
    daemon.stop()


def run(bench):
    torch.set_num_threads(1)
    yield Table(TITLE, "torch, in memory, one thread", [
        row for name in ("bfloat16", "float32", "float16") for row in rows(bench, name)])
