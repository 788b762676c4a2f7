"""Serving a warm checkpoint, against nginx with sendfile serving ready files of the same bytes: alternating A B A B, medians of the
ratios with their range.

    serve.py WEIGHT_SERVER_BINARY [--mib MIB] [--rounds ROUNDS]

The checkpoint is a LLaMA-shaped safetensors file of random bytes; both servers read it from the page cache. The client is threads
that receive into memory they have touched before.
"""
import argparse
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

NGINX = """
worker_processes 2;
pid {work}/nginx.pid;
error_log {work}/nginx-error.log;
daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3;
  uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  server {{
    listen 127.0.0.1:{port};
    root {work}/files;
    location = /healthz {{ default_type application/json; return 200 '{{"status":"ok"}}'; }}
  }}
}}
"""


def make_checkpoint(folder, mib):
    """A LLaMA-shaped safetensors file of about that size: one layer's shapes, repeated."""
    hidden, inner = 2048, 8192
    layer = 2 * (4 * hidden * hidden + 3 * hidden * inner)
    header, end = {}, 0
    for number in range(max(mib * 2**20 // layer, 1)):
        prefix = f"model.layers.{number}."
        for name, shape in {"self_attn.q_proj": [hidden, hidden], "self_attn.k_proj": [hidden, hidden],
                            "self_attn.v_proj": [hidden, hidden], "self_attn.o_proj": [hidden, hidden],
                            "mlp.gate_proj": [inner, hidden], "mlp.up_proj": [inner, hidden],
                            "mlp.down_proj": [hidden, inner]}.items():
            size = 2 * shape[0] * shape[1]
            header[prefix + name + ".weight"] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
            end += size
    text = json.dumps(header).encode()
    block = os.urandom(1 << 24)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        left = end
        while left:
            file.write(block[:min(left, len(block))])
            left -= min(left, len(block))
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": hidden, "intermediate_size": inner, "num_attention_heads": 16,
        "num_key_value_heads": 16, "vocab_size": 32000}))


def receive(port, path, buffer):
    """The bytes of one answer's body, received into `buffer` over and over."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        count = connection.recv_into(buffer)
        head = bytes(buffer[:count])
        while b"\r\n\r\n" not in head:
            count = connection.recv_into(buffer)
            head += bytes(buffer[:count])
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head[:200])
        total = len(head) - head.index(b"\r\n\r\n") - 4
        while True:
            count = connection.recv_into(buffer)
            if count == 0:
                return total
            total += count


def bandwidth(port, path, connections, least):
    """GB/s over that many connections at once, at least `least` bytes in all."""
    buffers = [bytearray(1 << 20) for _ in range(connections)]
    totals = [0] * connections

    def work(index):
        while True:
            totals[index] += receive(port, path, buffers[index])
            if sum(totals) >= least:
                return

    threads = [threading.Thread(target=work, args=(index,)) for index in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(totals) / (time.perf_counter() - start) / 1e9


def requests_per_second(port, path):
    """What wrk makes of small requests over 64 connections."""
    text = subprocess.run(
        ["wrk", "-t2", "-c64", "-d3s", f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


def row(name, ours, peer, unit, rounds):
    mine, theirs = [], []
    for _ in range(rounds):
        mine.append(ours())
        theirs.append(peer())
    ratios = sorted(one / other for one, other in zip(mine, theirs))
    print(f"| {name} | {statistics.median(mine):.2f} {unit} | {statistics.median(theirs):.2f} {unit} |"
          f" {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}) |", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    work = tempfile.mkdtemp()
    processes = []
    try:
        folder = Path(work) / "llama"
        folder.mkdir()
        make_checkpoint(folder, options.mib)
        files = Path(work) / "files"
        for mp in (1, 4):
            subprocess.run([options.binary, "export", folder, "--mp", str(mp), "--rank", "0", "-o", files], check=True,
                           stdout=subprocess.DEVNULL)
        configuration = Path(work) / "nginx.conf"
        port = free_port()
        configuration.write_text(NGINX.format(work=work, port=port))
        os.chmod(work, 0o755)
        processes.append(subprocess.Popen(["nginx", "-c", configuration, "-p", work, "-g", "user root;"]))
        daemon = subprocess.Popen(
            [options.binary, "serve", "--listen", "127.0.0.1:0", folder], stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL, env=dict(os.environ, WEIGHT_SERVER_LOGGING_LEVEL="warning"))
        processes.append(daemon)
        own = int(daemon.stdout.readline().rsplit(":", 1)[1])
        deadline = time.time() + 30
        while time.time() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", own)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                break
            time.sleep(0.05)
        print("| work | here | nginx, ready files | ratio, median (range) |")
        print("| --- | --- | --- | --- |")
        least = 2 << 30
        for connections in (1, 4, 64):
            row(f"mp 1, verbatim, {connections} connections",
                lambda: bandwidth(own, "/shard?rank=0&mp=1", connections, least),
                lambda: bandwidth(port, "/llama-rank-0-of-1.safetensors", connections, least), "GB/s", options.rounds)
        for connections in (1, 4):
            row(f"mp 4, of which o_proj and down_proj are gathered, {connections} connections",
                lambda: bandwidth(own, "/shard?rank=0&mp=4", connections, least),
                lambda: bandwidth(port, "/llama-rank-0-of-4.safetensors", connections, least), "GB/s", options.rounds)
            row(f"only the gathered tensors of mp 4, {connections} connections",
                lambda: bandwidth(own, "/shard?rank=0&mp=4&tensors=*o_proj*,*down_proj*", connections, least),
                lambda: bandwidth(port, "/llama-rank-0-of-4.safetensors", connections, least), "GB/s", options.rounds)
        row("GET /healthz, 64 connections", lambda: requests_per_second(own, "/healthz"),
            lambda: requests_per_second(port, "/healthz"), "requests/s", options.rounds)
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
