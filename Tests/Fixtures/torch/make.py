"""Makes the torch and NumPy files that the readers' tests read, and `expected.txt` beside them.

Run with torch 2.13 (CPU) and NumPy, in this folder:  python make.py
Each line of expected.txt: file, path of the value (keys joined with /), dtype by safetensors' name, shape, bytes in hexadecimal.
"""

import argparse
import io
import os
import pickle
import shutil
import struct
import sys
import tarfile
from collections import OrderedDict

import numpy as np
import torch
import torch.distributed.checkpoint as dcp
import torch.multiprocessing as mp

NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.uint16: "U16", torch.uint32: "U32", torch.uint64: "U64", torch.bool: "BOOL",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2", torch.float8_e4m3fnuz: "F8_E4M3FNUZ",
    torch.float8_e5m2fnuz: "F8_E5M2FNUZ", torch.float8_e8m0fnu: "F8_E8M0", torch.complex64: "C64",
}
LINES = []


def expect(file, path, tensor):
    data = tensor.detach().contiguous()
    raw = data.reshape(-1).view(torch.uint8).numpy().tobytes() if data.numel() else b""
    shape = ",".join(str(extent) for extent in tensor.shape)
    LINES.append("\t".join([file, path, NAMES[tensor.dtype], shape, raw.hex()]))


def walk(file, path, value):
    if isinstance(value, torch.Tensor):
        expect(file, path, value)
    elif isinstance(value, dict):
        for key, item in value.items():
            walk(file, f"{path}/{key}" if path else str(key), item)


def numbers(count, dtype, first=0):
    values = torch.arange(first, first + count)
    if dtype == torch.bool:
        return values % 3 == 0
    if dtype in (torch.uint16, torch.uint32, torch.uint64):
        return values.to(torch.int64).to(dtype)
    return values.to(torch.float32).to(dtype)


def module():
    table = OrderedDict()
    base = numbers(64, torch.float32)
    table["views.whole"] = base
    table["views.transposed"] = base.view(8, 8).t()
    table["views.window"] = base.view(8, 8)[2:5, 3:7]
    table["views.tail"] = base[60:]
    table["views.expanded"] = base[5:6].expand(4)
    table["views.tied"] = base
    table["scalar"] = torch.tensor(2.5, dtype=torch.float16)
    table["empty"] = torch.zeros(0, 7, dtype=torch.bfloat16)
    table["parameter"] = torch.nn.Parameter(numbers(6, torch.bfloat16).view(2, 3))
    marked = torch.nn.Parameter(numbers(4, torch.float16))
    marked.tensor_model_parallel = True
    table["parameter.marked"] = marked
    return table


def every_dtype():
    return OrderedDict((name, numbers(6, dtype).view(2, 3)) for dtype, name in NAMES.items())


def megatron():
    return {
        "module": module(),
        "args": argparse.Namespace(num_layers=2, hidden_size=32, params_dtype=torch.float16, lr=1.5e-4, vocab=None),
        "checkpoint_version": 3.0,
        "iteration": 100,
        "big": 2**100,
        "negative": -(2**40),
        "rng_state": [np.random.RandomState(7).get_state()],
        "sets": {1, 2},
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.95)}]},
    }


def tar(path):
    """The container of torch 0.1.9, as torch still reads it: no torch writes it any more."""
    def dump(value):
        return pickle.dumps(value, protocol=2)

    def global_pickle(*items):
        # (key, key or device, class): pickled by hand, for the class is torch's own wrapper today.
        key, other, name = items
        text = b"(" + b"".join(
            (b"J" + struct.pack("<i", item)) if isinstance(item, int)
            else b"X" + struct.pack("<I", len(item)) + item.encode() for item in (key, other))
        return b"\x80\x02" + text + b"ctorch\n" + name.encode() + b"\nt."

    data = numbers(12, torch.float32).numpy().tobytes()
    storages = dump(1) + global_pickle(11, "cpu", "FloatStorage") + struct.pack("<q", 12) + data
    storages += dump([(12, 11, 4, 8)])
    tensors = dump(2)
    for key, storage, size, stride, offset in [(21, 11, (3, 4), (4, 1), 0), (22, 12, (2, 3), (1, 2), 2)]:
        tensors += global_pickle(key, storage, "FloatTensor")
        tensors += struct.pack("<i4x", len(size)) + struct.pack(f"<{2 * len(size)}q", *size, *stride)
        tensors += struct.pack("<q", offset)

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return str(value.key) if isinstance(value, Reference) else None

    class Reference:
        def __init__(self, key):
            self.key = key

    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump({"module": {"whole": Reference(21), "view": Reference(22)}})
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as archive:
        for name, content in [("sys_info", dump({})), ("pickle", buffer.getvalue()), ("tensors", tensors), ("storages", storages)]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    walk(path, "", torch.load(path, weights_only=False))


def sharded(rank, path):
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT="29511")
    torch.distributed.init_process_group("gloo")
    mesh = init_device_mesh("cpu", (2,))
    table = sharded_table()
    places = {"rows": Shard(0), "columns": Shard(1), "same": Replicate(), "one": Shard(0)}
    state = {"model": {name: distribute_tensor(tensor, mesh, [places[name]]) for name, tensor in table.items()}, "step": 5}
    dcp.save(state, checkpoint_id=path)
    torch.distributed.destroy_process_group()


def sharded_table():
    return OrderedDict(
        rows=numbers(15, torch.bfloat16).view(5, 3), columns=numbers(12, torch.float32, 3).view(2, 6),
        same=numbers(4, torch.float16), one=numbers(1, torch.float32))


def arrays():
    table = {
        "f2": np.arange(6, dtype="<f2").reshape(2, 3), "f4_fortran": np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3)),
        "scalar": np.array(3, dtype="<i8"), "empty": np.zeros((0, 4), dtype="<f8"), "b1": np.array([True, False]),
        "u2": np.arange(3, dtype="<u2"), "c8": np.array([1 + 2j], dtype="<c8"), "row_fortran": np.asfortranarray(np.ones((1, 5), dtype="<f4")),
    }
    names = {"b1": "BOOL", "u2": "U16", "f2": "F16", "f4": "F32", "f8": "F64", "i8": "I64", "c8": "C64"}
    os.makedirs("../numpy", exist_ok=True)
    for name, array in table.items():
        np.save(f"../numpy/{name}.npy", array)
        shape = ",".join(str(extent) for extent in array.shape)
        LINES.append("\t".join([f"../numpy/{name}.npy", "", names[array.dtype.str[1:]], shape, np.ascontiguousarray(array).tobytes().hex()]))
    with open("../numpy/version2.npy", "wb") as file:
        np.lib.format.write_array(file, table["f2"], version=(2, 0))
    LINES.append("\t".join(["../numpy/version2.npy", "", "F16", "2,3", table["f2"].tobytes().hex()]))
    np.save("../numpy/big_endian.npy", np.arange(3, dtype=">f4"))
    np.save("../numpy/structured.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
    np.save("../numpy/objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)


def main():
    torch.manual_seed(0)
    for file, value, options in [
        ("megatron.pt", megatron(), {}),
        ("megatron_legacy.pt", megatron(), {"_use_new_zipfile_serialization": False}),
        ("megatron_protocol4.pt", megatron(), {"pickle_protocol": 4}),
        ("megatron_protocol5.pt", megatron(), {"pickle_protocol": 5}),
        ("dtypes.pt", every_dtype(), {}),
        ("dtypes_legacy.pt", every_dtype(), {"_use_new_zipfile_serialization": False}),
    ]:
        torch.save(value, file, **options)
        walk(file, "", value)
    torch.serialization.set_crc32_options(False)
    torch.save({"a": numbers(4, torch.float32)}, "without_crc.pt")
    torch.serialization.set_crc32_options(True)
    walk("without_crc.pt", "", {"a": numbers(4, torch.float32)})
    torch.save(
        {
            "sparse": torch.eye(3).to_sparse(), "complex128": torch.zeros(2, dtype=torch.complex128),
            "quantized": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8),
            "conjugate": torch.tensor([1 + 2j], dtype=torch.complex64).conj(),
            "meta": torch.zeros(3, device="meta"), "plain": numbers(3, torch.float32),
        }, "opaque.pt")
    tar("ancient.pt")
    for path in ("dcp", "dcp_sharded"):
        shutil.rmtree(path, ignore_errors=True)
    state = {"model": {"weight": numbers(12, torch.bfloat16).view(3, 4), "blocks": [numbers(2, torch.float32)]}, "step": 7}
    dcp.save(state, checkpoint_id="dcp", no_dist=True)
    expect("dcp", "model.weight", state["model"]["weight"])
    expect("dcp", "model.blocks.0", state["model"]["blocks"][0])
    mp.spawn(sharded, args=("dcp_sharded",), nprocs=2)
    for name, tensor in sharded_table().items():
        expect("dcp_sharded", f"model.{name}", tensor)
    arrays()
    with open("expected.txt", "w") as file:
        file.write("\n".join(LINES) + "\n")


if __name__ == "__main__":
    sys.exit(main())
