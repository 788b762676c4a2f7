"""Casts and quantization as they are served, beside torch doing the same with one thread on this machine.

    casts.py WEIGHT_SERVER_BINARY [--mib MIB] [--folder FOLDER]

Prints a row for each: GB/s of the source's bytes, from the request to the last byte received over loopback (medians of five), torch's
operation on a tensor in memory, the time to the first byte, and what the server's process has had resident at most.
"""
import argparse
import json
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

import safetensors.torch
import torch

NAME = "model.layers.0.mlp.up_proj.weight"
TYPES = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float8_e4m3fn": torch.float8_e4m3fn,
    "float8_e5m2": torch.float8_e5m2,
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


def median(action, times=5):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def receive(address, path, buffer):
    """Receives a whole answer and throws it away; gives the seconds to the first byte of its body."""
    start = time.perf_counter()
    with socket.create_connection(address) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        assert head.startswith(b"HTTP/1.1 200"), head
        first = time.perf_counter() - start
        length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        left = length - (len(head) - head.index(b"\r\n\r\n") - 4)
        while left > 0:
            count = connection.recv_into(buffer)
            assert count, "the answer ended early"
            left -= count
    return first


def rows(tensor):
    for name, dtype in TYPES.items():
        if dtype != tensor.dtype:
            yield f"to {name}", f"dtype={name}", lambda dtype=dtype: tensor.to(dtype)
    yield "int8, groups of 64", "quantize=int8&group_size=64", lambda: int8(tensor)
    yield "int8, 64 groups", "quantize=int8", lambda: int8(tensor, tensor.numel() // 64)
    yield "int4, groups of 64", "quantize=int4", lambda: int4(tensor)


def resident(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def measure(server, folder, source, mib):
    count = mib * 2**20 // source.itemsize
    tensor = torch.randn(count // 4096, 4096).to(source)
    shutil.rmtree(folder / "m", ignore_errors=True)
    (folder / "m").mkdir()
    safetensors.torch.save_file({NAME: tensor}, folder / "m" / "model.safetensors")
    configuration = {"model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32, "num_hidden_layers": 1}
    (folder / "m" / "config.json").write_text(json.dumps(configuration))
    process = subprocess.Popen(
        [server, "serve", "--listen", "127.0.0.1:0", folder / "m"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        url = urllib.parse.urlsplit(process.stdout.readline().decode().split()[-1])
        while urllib.request.urlopen(f"http://{url.netloc}/healthz").status != 200 or not ready(url):
            time.sleep(0.05)
        buffer = bytearray(1 << 20)
        size = tensor.numel() * tensor.itemsize / 1e9
        for name, query, operation in [("as it is", "", None), *rows(tensor)]:
            path = f"/shard?rank=0&mp=1&{query}".rstrip("&")
            firsts = []
            served = size / median(lambda: firsts.append(receive((url.hostname, url.port), path, buffer)))
            own = f"{size / median(operation, 3):8.2f}" if operation else " " * 8
            label = f"{str(source).removeprefix('torch.')} {name}"
            print(
                f"{label:32} {served:8.2f} {own} {statistics.median(firsts) * 1000:8.1f} {resident(process):8.0f}",
                flush=True,
            )
    finally:
        process.terminate()
        process.wait()


def ready(url):
    try:
        return urllib.request.urlopen(f"http://{url.netloc}/readyz").status == 200
    except urllib.error.HTTPError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server")
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--folder", default="/dev/shm")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'':32} {'served':>8} {'torch':>8} {'first':>8} {'resident':>8}")
    print(f"{'':32} {'GB/s':>8} {'GB/s':>8} {'ms':>8} {'MiB':>8}")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for source in (torch.bfloat16, torch.float32, torch.float16):
            measure(options.server, pathlib.Path(folder), source, options.mib)


if __name__ == "__main__":
    main()
