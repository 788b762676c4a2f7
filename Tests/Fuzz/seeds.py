#!/usr/bin/env python3
"""Collects the fixtures as inputs for the fuzz targets: seeds.py OUT makes OUT/TARGET/…, one file an input, named by its digest."""
import hashlib
import io
import os
import struct
import sys
import zipfile

import http_corpus

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Fixtures")
# Longer inputs make a target slow without teaching it more.
LIMIT = 16_384


# What the fixtures have no example of.
MANIFEST = b"""{"type": "bloom", "checkpoints": {"tp": ["tp_00_00.pt", "tp_01_00.pt"], "non-tp": ["non-tp.pt"]}, "version": 1.0,
 "parallelization": "pp", "tp_size": 2, "base_dir": "weights", "dtype": "float16", "name": "small", "module_key": "auto",
 "family": "llama", "rules": {"*.{a,b}[c].#.w?": "qkv_heads", "x": "row"}, "assets": "a", "strict": true, "vocab_size": 100,
 "version_override": false, "sha256": {"a.pt": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},}"""


def files():
    yield "manifest.json", MANIFEST
    for folder, folders, names in os.walk(FIXTURES):
        folders[:] = sorted(name for name in folders if name != "expected")
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    yield name, file.read()


def records(data):
    """The pickles inside a zip file, where it is a whole one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if name.endswith(".pkl"):
                    yield archive.read(name)
    except Exception:
        return


def inputs(name, data):
    if name.endswith(".json"):
        yield "json", data
        if b'"checkpoints"' in data or "manifest" in name:
            yield "manifest", data
    if name.endswith(".safetensors"):
        length = struct.unpack("<Q", data[:8].ljust(8, b"\0"))[0]
        if 8 + length <= len(data):
            yield "safetensors", struct.pack("<I", len(data) - 8 - length) + data[8:8 + length]
            yield "json", data[8:8 + length]
        else:
            yield "safetensors", struct.pack("<I", 1 << 31) + data
    if name.endswith((".npy", ".weight", ".bias")):
        yield "npy", data[:256]
    if name == ".metadata":
        yield "dcp", data
        yield "pickle", data
    if name.endswith((".pt", ".bin")):
        yield "zip", data
        for pickle in records(data):
            yield "pickle", pickle
        if not data.startswith(b"PK"):
            yield "pickle", data


def requests():
    """Inputs of the targets for HTTP, whose first byte says how the rest is cut."""
    for index, request in enumerate(http_corpus.requests()):
        yield "head", bytes([index % 7]) + request
    for index, chunks in enumerate(http_corpus.CHUNKS):
        yield "chunked", bytes([index % 7]) + chunks + b"GET / HTTP/1.1"


def main(out):
    count = 0
    for name, data in [*files(), (None, None)]:
        for target, seed in inputs(name, data) if name else requests():
            if len(seed) <= LIMIT:
                folder = os.path.join(out, target)
                os.makedirs(folder, exist_ok=True)
                path = os.path.join(folder, hashlib.sha256(seed).hexdigest()[:16])
                if not os.path.exists(path):
                    count += 1
                    with open(path, "wb") as file:
                        file.write(seed)
    print(f"{count} seeds")


if __name__ == "__main__":
    main(*sys.argv[1:])
