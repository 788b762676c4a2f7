"""Quantized partitions against numpy's arithmetic, and of the same weights saved in every container at several degrees."""
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.request

import numpy
import pytest
import safetensors
import safetensors.numpy
import safetensors.torch
import torch

from daemon import REPOSITORY, daemon, get, get_json

QUERIES = ["quantize=int8&groups=16", "quantize=int8&groups=16&mlp_extra_grouping=true", "quantize=int4&group_size=32"]
ROW_PARALLEL = ("attention.dense.weight", "mlp.dense_4h_to_h.weight")
HIDDEN, VOCABULARY = 32, 64


def weights():
    generator = torch.Generator().manual_seed(6)
    shapes = {"word_embeddings.weight": (VOCABULARY, HIDDEN), "position_embeddings.weight": (8, HIDDEN)}
    for layer in range(2):
        prefix = f"transformer.layers.{layer}"
        for name, rows, columns in [
            ("attention.query_key_value", 3, 1), ("attention.dense", 1, 1), ("mlp.dense_h_to_4h", 4, 1), ("mlp.dense_4h_to_h", 1, 4),
        ]:
            shapes[f"{prefix}.{name}.weight"] = (rows * HIDDEN, columns * HIDDEN)
            shapes[f"{prefix}.{name}.bias"] = (rows * HIDDEN,)
        for name in ["input_layernorm", "post_attention_layernorm"]:
            shapes[f"{prefix}.{name}.weight"] = shapes[f"{prefix}.{name}.bias"] = (HIDDEN,)
    shapes["transformer.final_layernorm.weight"] = shapes["transformer.final_layernorm.bias"] = (HIDDEN,)
    return {name: (torch.randn(shape, generator=generator) * 0.1).half() for name, shape in shapes.items()}


def held(name, tensor, rank, ranks):
    """What a rank of Megatron (version 0) holds."""
    if name.endswith(ROW_PARALLEL):
        return tensor.chunk(ranks, 1)[rank].contiguous()
    if "query_key_value" in name:
        return torch.cat([third.chunk(ranks)[rank] for third in tensor.chunk(3)]).contiguous()
    if "dense_h_to_4h" in name or name == "word_embeddings.weight":
        return tensor.chunk(ranks)[rank].contiguous()
    return tensor


def save(folder, container, ranks):
    """Saves the weights; gives what the command line names."""
    folder.mkdir()
    whole = weights()
    if container == "dcp":
        # The framework's own processes, each of which writes what it holds.
        path = folder.with_suffix(".safetensors")
        safetensors.torch.save_file(whole, path)
        script = REPOSITORY / "Tests" / "Interop" / "dcp_save.py"
        processes = [
            subprocess.Popen([sys.executable, script, str(rank), str(ranks), folder, path]) for rank in range(ranks)
        ]
        assert [process.wait(timeout=300) for process in processes] == [0] * ranks
        return folder
    names = []
    for rank in range(ranks):
        tensors = {name: held(name, tensor, rank, ranks) for name, tensor in whole.items()}
        names.append(f"mp_rank_{rank:02}." + ("safetensors" if container == "safetensors" else "pt"))
        if container == "safetensors":
            safetensors.torch.save_file(tensors, folder / names[-1])
        else:
            # A tensor that every rank holds is written whole, not as a view of another's storage.
            state = {"module": {name: tensor.clone() for name, tensor in tensors.items()}}
            torch.save(state, folder / names[-1], _use_new_zipfile_serialization=container == "zip")
    manifest = {"type": "Megatron", "checkpoints": names, "version": 0, "parallelization": "tp", "mp_size": ranks}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder / "manifest.json"


def partitions(url, mps=(1, 2, 4)):
    """Every quantized partition, taken apart: name, dtype, shape, bytes."""
    return {
        (query, mp, rank): {
            name: (tensor["dtype"], tensor["shape"], bytes(tensor["data"]))
            for name, tensor in safetensors.deserialize(get(f"{url}/shard?rank={rank}&mp={mp}&{query}")[0])
        }
        for query in QUERIES
        for mp in mps
        for rank in range(mp)
    }


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    with daemon(save(tmp_path_factory.mktemp("reference") / "c", "zip", 1)) as url:
        return partitions(url)


@pytest.mark.parametrize("container", ["zip", "legacy", "safetensors", "dcp"])
@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_how_the_weights_were_saved_makes_no_difference(reference, tmp_path, container, ranks):
    with daemon(save(tmp_path / "c", container, ranks)) as url:
        served = partitions(url)
    for key, expected in reference.items():
        assert served[key].keys() == expected.keys(), key
        assert [name for name in expected if served[key][name] != expected[name]] == [], key


def int8(numbers, groups):
    numbers = numbers.reshape(groups, -1)
    largest = numpy.abs(numbers).max(1, keepdims=True)
    multiplier = numpy.float32(256) / (2 * largest + numpy.float32(1e-5))
    return numpy.clip(numpy.rint(numbers * multiplier), -128, 127).astype(numpy.int8), 1 / multiplier[:, 0]


def test_values_and_scales_are_numpys(reference):
    """At every degree, of what the rank holds: DeepSpeed's formula, value for value."""
    whole = weights()
    for mp in (1, 2, 4):
        for rank in range(mp):
            tensors = reference[QUERIES[0], mp, rank]
            quantized = [name for name in tensors if tensors[name][0] == "I8"]
            assert len(quantized) == 8
            for name in quantized:
                values, scales = int8(held(name, whole[name], rank, mp).float().numpy(), 16)
                assert tensors[name][2] == values.tobytes(), (name, mp, rank)
                assert tensors[name + ".scale"][2] == scales.tobytes(), (name, mp, rank)


def dequantized(tensors, name):
    """What README shows."""
    values, scale = tensors[name], tensors[name + ".scale"]
    if values.dtype == numpy.uint8:
        shape = (*values.shape[:-1], values.shape[-1] * 2)
        values = numpy.stack([values & 15, values >> 4], -1)
        return (values.reshape(len(scale), -1) * scale[:, None] + tensors[name + ".zero"][:, None]).reshape(shape)
    return (values.reshape(len(scale), -1) * scale[:, None]).reshape(values.shape)


@pytest.mark.parametrize("scheme, limit", [("int8", 1.001), ("int4", 0.501)])
def test_dequantized_values_are_near_the_sources(sample_url, scheme, limit):
    plain = safetensors.numpy.load(get(f"{sample_url}/shard?rank=1&mp=2")[0])
    tensors = safetensors.numpy.load(get(f"{sample_url}/shard?rank=1&mp=2&quantize={scheme}")[0])
    plan = get_json(f"{sample_url}/plan?rank=1&mp=2&quantize={scheme}")
    quantized = [tensor["name"] for tensor in plan["tensors"] if tensor["scheme"]["name"] == scheme]
    assert len(quantized) == 8
    for name in quantized:
        steps = numpy.repeat(tensors[name + ".scale"], plain[name].size // tensors[name + ".scale"].size)
        errors = numpy.abs(dequantized(tensors, name) - plain[name].astype(numpy.float32)).reshape(-1)
        assert (errors <= steps * limit).all(), name


def expansion(folder, mib):
    """A checkpoint of one matrix, whose file takes no room."""
    rows = mib * 2**20 // 2 // 4096
    name = "model.layers.0.mlp.up_proj.weight"
    header = {name: {"dtype": "BF16", "shape": [rows, 4096], "data_offsets": [0, rows * 8192]}}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir()
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + rows * 8192)
    configuration = {"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32, "num_hidden_layers": 1}
    (folder / "config.json").write_text(json.dumps(configuration))
    return folder


def peak(folder):
    """Bytes that the daemon of a checkpoint has had resident at most."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            if b"serve" in arguments and str(folder).encode() in arguments:
                return int(re.search(r"VmHWM:\s+(\d+)", (process / "status").read_text()).group(1)) * 1024
    raise RuntimeError(f"no process serves {folder}")


def test_time_to_the_first_byte_and_memory_do_not_grow(tmp_path):
    """64 groups of a matrix: each scale is made of a 64th of all weights, and stands in front."""
    peaks, firsts = [], []
    for mib in (8, 128):
        with daemon(expansion(tmp_path / str(mib), mib)) as url:
            start = time.monotonic()
            with urllib.request.urlopen(f"{url}/shard?rank=0&mp=1&quantize=int8", timeout=300) as answer:
                answer.read(64)
                firsts.append(time.monotonic() - start)
                while answer.read(1 << 20):
                    pass
            total = time.monotonic() - start
            peaks.append(peak(tmp_path / str(mib)))
    assert firsts[1] < total / 3, (firsts, total)
    assert peaks[1] - peaks[0] < 32 * 2**20, peaks
