"""Casts against torch's own: every bit pattern of the small types, and ten million random floats."""
import json
import subprocess

import pytest
import safetensors.torch
import torch

from daemon import binary

TYPES = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float8_e4m3fn": torch.float8_e4m3fn,
    "float8_e5m2": torch.float8_e5m2,
}
BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def patterns(dtype, count):
    return torch.arange(count, dtype=torch.int32).to(torch.uint8 if count == 256 else torch.uint16).view(dtype)


def random_floats():
    generator = torch.Generator().manual_seed(5)
    bits = torch.randint(-(2**31), 2**31, (10_000_000,), dtype=torch.int64, generator=generator).to(torch.int32)
    # Half of all random patterns are too large or too small for any small type; the magnitudes of weights are wanted too.
    normal = torch.randn(2_000_000, generator=generator).view(torch.int32)
    return torch.cat([bits, normal]).view(torch.float32)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A checkpoint of one tensor for each type, under names that a family knows."""
    folder = tmp_path_factory.mktemp("casts")
    numbers = [
        random_floats(),
        patterns(torch.float16, 65536),
        patterns(torch.bfloat16, 65536),
        patterns(torch.float8_e4m3fn, 256),
        patterns(torch.float8_e5m2, 256),
        torch.tensor([1 + 2**-11 + 2**-40, 1e300, -1e-300, float("nan"), 448.5], dtype=torch.float64),
        torch.arange(-100, 100, dtype=torch.int16),
        torch.tensor([True, False, True]),
    ]
    tensors = {f"model.layers.{layer}.input_layernorm.weight": tensor for layer, tensor in enumerate(numbers)}
    safetensors.torch.save_file(tensors, folder / "model.safetensors")
    configuration = {"model_type": "llama", "hidden_size": 64, "num_attention_heads": 1, "num_hidden_layers": len(numbers)}
    (folder / "config.json").write_text(json.dumps(configuration))
    return folder, tensors


@pytest.mark.parametrize("name", TYPES)
def test_every_cast_is_torchs(source, tmp_path, name):
    folder, tensors = source
    command = [binary(), "export", folder, "--mp", "1", "--dtype", name, "--output", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [path] = tmp_path.glob("*.safetensors")
    served = safetensors.torch.load_file(path)
    assert served.keys() == tensors.keys()
    for key, tensor in tensors.items():
        expected = tensor.to(TYPES[name]) if tensor.dtype.is_floating_point else tensor
        assert served[key].dtype == expected.dtype
        assert differing(served[key], expected) == 0, (key, tensor.dtype)


def differing(one, other):
    """Elements that differ in a bit, all NaNs being one: which NaN torch gives depends on the length of the tensor."""
    unequal = one.view(BITS[one.itemsize]) != other.view(BITS[other.itemsize])
    if one.dtype.is_floating_point:
        unequal &= ~(one.to(torch.float32).isnan() & other.to(torch.float32).isnan())
    return int(unequal.sum())
