#!/usr/bin/env python3
"""Writes a large Megatron checkpoint of 2 ranks in which every 8 bytes say where in the model they belong.

    python3 Scripts/make_synthetic.py --gib 8 /tmp/synthetic      # Scripts/check_synthetic.py checks what is served of it

Tensors are float16, so 8 bytes are four elements, taken as one little-endian word:

    tensor number << 40 | index of the word in the whole tensor (before it was cut over ranks)

A byte that is served from the wrong place is therefore seen for what it is. The files are torch.save's zip form (stored
entries aligned to 64 bytes, zip64 where a file passes 4 GiB, a protocol 2 pickle that torch.load reads), written piece by piece:
memory stays at some tens of MiB whatever the size. `layout.json` beside the manifest lists the tensors for the checker.

Needs numpy; not torch.
"""
import argparse
import collections
import io
import json
import pathlib
import pickle
import struct
import sys
import types
import zlib

import numpy

RANKS = 2
ALIGNMENT = 64
PIECE_WORDS = 1 << 20


def tensors(bytes_wanted):
    """The model's tensors, (name, whole shape, cut), the first whose size reaches what is wanted; and its heads."""
    hidden = 4096 if bytes_wanted >= 1 << 30 else 512
    vocabulary = 12 * hidden
    table = [("word_embeddings.weight", [vocabulary, hidden], "rows"), ("position_embeddings.weight", [1024, hidden], "whole")]
    last = [("transformer.final_layernorm.weight", [hidden], "whole"), ("transformer.final_layernorm.bias", [hidden], "whole")]
    layers = 0
    while 2 * sum(elements(shape) for _, shape, _ in table + last) < bytes_wanted:
        at = f"transformer.layers.{layers}."
        table += [
            (at + "input_layernorm.weight", [hidden], "whole"),
            (at + "input_layernorm.bias", [hidden], "whole"),
            (at + "attention.query_key_value.weight", [3 * hidden, hidden], "rows"),
            (at + "attention.query_key_value.bias", [3 * hidden], "rows"),
            (at + "attention.dense.weight", [hidden, hidden], "columns"),
            (at + "attention.dense.bias", [hidden], "whole"),
            (at + "post_attention_layernorm.weight", [hidden], "whole"),
            (at + "post_attention_layernorm.bias", [hidden], "whole"),
            (at + "mlp.dense_h_to_4h.weight", [4 * hidden, hidden], "rows"),
            (at + "mlp.dense_h_to_4h.bias", [4 * hidden], "rows"),
            (at + "mlp.dense_4h_to_h.weight", [hidden, 4 * hidden], "columns"),
            (at + "mlp.dense_4h_to_h.bias", [hidden], "whole"),
        ]
        layers += 1
    return table + last, hidden, hidden // 64, layers


def elements(shape):
    count = 1
    for extent in shape:
        count *= extent
    return count


def rank_shape(shape, cut, rank):
    """The shape of a rank's piece, and where it begins along the axis that is cut."""
    shape = list(shape)
    if cut == "whole":
        return shape, 0
    axis = 0 if cut == "rows" else 1
    shape[axis] //= RANKS
    return shape, rank * shape[axis]


def pieces(number, shape, cut, rank):
    """The words of a rank's piece of a tensor, in order, some at a time."""
    mine, start = rank_shape(shape, cut, rank)
    row_words, whole_words = mine[-1] // 4, shape[-1] // 4
    if len(mine) == 1:
        first = start // 4 if cut == "rows" else 0
        rows, row_offset, column_offset = 1, 0, first
    else:
        rows = mine[0]
        row_offset, column_offset = (start, 0) if cut == "rows" else (0, start // 4)
    columns = numpy.arange(column_offset, column_offset + row_words, dtype=numpy.uint64)
    step = max(1, PIECE_WORDS // row_words)
    for row in range(0, rows, step):
        some = numpy.arange(row, min(row + step, rows), dtype=numpy.uint64) + numpy.uint64(row_offset)
        words = some[:, None] * numpy.uint64(whole_words) + columns[None, :]
        yield (words | numpy.uint64(number << 40)).astype("<u8").tobytes()


class StoredZip:
    """A zip file of stored entries, written front to back; zip64 where an offset or a size asks for it."""

    LIMIT = 0xFFFFFFFF

    def __init__(self, path):
        self.file = open(path, "wb")
        self.directory = []

    def add(self, name, contents, size):
        """Adds an entry whose bytes come in pieces. Sizes and CRC-32 follow them, as torch writes it."""
        name = name.encode()
        start = self.file.tell()
        data = start + 30 + len(name) + 4
        padding = b"Z" * (-data % ALIGNMENT)
        extra = struct.pack("<2sH", b"FB", len(padding)) + padding
        self.file.write(struct.pack("<4s5H3I2H", b"PK\3\4", 0, 0x808, 0, 0, 0, 0, 0, 0, len(name), len(extra)) + name + extra)
        checksum, written = 0, 0
        for piece in contents:
            self.file.write(piece)
            checksum = zlib.crc32(piece, checksum)
            written += len(piece)
        assert written == size, (name, written, size)
        form = "<4sIQQ" if size > self.LIMIT else "<4sIII"
        self.file.write(struct.pack(form, b"PK\7\x08", checksum, size, size))
        self.directory.append((name, checksum, size, start))

    def finish(self):
        begin = self.file.tell()
        for name, checksum, size, start in self.directory:
            large = (struct.pack("<QQ", size, size) if size > self.LIMIT else b"") + (
                struct.pack("<Q", start) if start > self.LIMIT else b""
            )
            extra = struct.pack("<HH", 1, len(large)) + large if large else b""
            short, at = min(size, self.LIMIT), min(start, self.LIMIT)
            self.file.write(
                struct.pack(
                    "<4s6H3I5H2I", b"PK\1\2", 0, 0, 0x808, 0, 0, 0, checksum, short, short, len(name), len(extra), 0, 0, 0, 0, at
                )
                + name
                + extra
            )
        end = self.file.tell()
        count, length = len(self.directory), end - begin
        if begin > self.LIMIT or count > 0xFFFF:
            self.file.write(struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0x31E, 45, 0, 0, count, count, length, begin))
            self.file.write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
        self.file.write(
            struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), length, min(begin, self.LIMIT), 0)
        )
        self.file.close()


def torch_stand_ins():
    """Objects that pickle under torch's names, so that no torch is needed to write what torch reads."""

    def _rebuild_tensor_v2():
        raise NotImplementedError

    torch, utilities = types.ModuleType("torch"), types.ModuleType("torch._utils")
    storage = type("HalfStorage", (), {"__module__": "torch"})
    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    torch.HalfStorage, torch._utils, utilities._rebuild_tensor_v2 = storage, utilities, _rebuild_tensor_v2
    sys.modules["torch"], sys.modules["torch._utils"] = torch, utilities
    return storage, _rebuild_tensor_v2


class Storage:
    """The bytes of a tensor, which lie in the entry data/KEY."""

    def __init__(self, key, count):
        self.key, self.count = str(key), count


def make_pickler(buffer, storage_type, rebuild):
    class Tensor:
        def __init__(self, key, shape):
            self.key, self.shape = key, shape

        def __reduce__(self):
            strides, step = [], 1
            for extent in reversed(self.shape):
                strides.insert(0, step)
                step *= extent
            storage = Storage(self.key, step)
            return rebuild, (storage, 0, tuple(self.shape), tuple(strides), False, collections.OrderedDict())

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if isinstance(value, Storage):
                return ("storage", storage_type, value.key, "cpu", value.count)
            return None

    return Pickler(buffer, protocol=2), Tensor


def write_rank(folder, rank, table, arguments, stand_ins):
    buffer = io.BytesIO()
    pickler, tensor = make_pickler(buffer, *stand_ins)
    shapes = [rank_shape(shape, cut, rank)[0] for _, shape, cut in table]
    pickler.dump(
        {
            "module": collections.OrderedDict((name, tensor(key, shapes[key])) for key, (name, _, _) in enumerate(table)),
            "args": arguments,
            "checkpoint_version": 2.0,
            "iteration": 1,
            "mp_world_size": RANKS,
        }
    )
    stem = f"mp_rank_{rank:02d}_model_states"
    archive = StoredZip(folder / f"{stem}.pt")
    archive.add(f"{stem}/data.pkl", [buffer.getvalue()], buffer.tell())
    archive.add(f"{stem}/byteorder", [b"little"], 6)
    for key, (name, shape, cut) in enumerate(table):
        archive.add(f"{stem}/data/{key}", pieces(key, shape, cut, rank), 2 * elements(shapes[key]))
    archive.add(f"{stem}/version", [b"3\n"], 2)
    archive.finish()
    return f"{stem}.pt"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--gib", type=float, default=8, help="size in GiB; the model is the first that reaches it (8)")
    size.add_argument("--mib", type=float, help="size in MiB")
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    wanted = int(options.mib * 2**20 if options.mib else options.gib * 2**30)
    table, hidden, heads, layers = tensors(wanted)
    arguments = argparse.Namespace(
        num_layers=layers, hidden_size=hidden, num_attention_heads=heads, tensor_model_parallel_size=RANKS
    )
    options.folder.mkdir(parents=True, exist_ok=True)
    stand_ins = torch_stand_ins()
    files = [write_rank(options.folder, rank, table, arguments, stand_ins) for rank in range(RANKS)]
    manifest = {
        "name": "synthetic",
        "type": "Megatron",
        "version": 2.0,
        "parallelization": "tp",
        "mp_size": RANKS,
        "checkpoints": files,
    }
    (options.folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    layout = [{"name": name, "shape": shape, "cut": cut} for name, shape, cut in table]
    (options.folder / "layout.json").write_text(json.dumps(layout) + "\n")
    total = sum((options.folder / file).stat().st_size for file in files)
    print(f"{options.folder}: {len(table)} tensors, hidden {hidden}, {layers} layers, {total / 2**30:.2f} GiB")


if __name__ == "__main__":
    main()
