"""Serving a warm checkpoint, against nginx with sendfile serving ready files of the same bytes. Both read from the page cache."""
import re
import subprocess

from checkpoints import write_llama
from harness import Table, compare

TITLE = "Warm: `/shard`, and small requests"
MIB = 512
GATHERED = "*o_proj*,*down_proj*"


def requests_per_second(port, path):
    """What wrk makes of small requests over 64 connections."""
    text = subprocess.run(
        ["wrk", "-t2", "-c64", "-d2s", f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


def run(bench):
    checkpoint = write_llama(bench.folder() / "llama", bench.mib(MIB))
    files = bench.folder()
    for mp in (1, 4):
        bench.export(checkpoint, mp, files, rank=0)
    certificate = bench.certificate()
    receiver, nginx = bench.receiver(), bench.nginx(files, certificate)
    direct = bench.daemon(checkpoint, certificate=certificate)
    cached = bench.daemon(checkpoint, cache=bench.folder())
    gathered = f"/shard?rank=0&mp=4&tensors={GATHERED}"
    subprocess.run(["curl", "-sfo", files / "gathered", f"http://127.0.0.1:{direct.port}{gathered}"], check=True)

    def row(name, daemon, path, file, connections, asked):
        for port, target in ((daemon.port, path), (nginx.port, file)):
            receiver.take(port, [target])
        return compare(
            f"{name}, {connections} connection{'s' * (connections > 1)}",
            lambda: receiver.rate(daemon.port, path, connections, least=bench.mib(MIB) << 22),
            lambda: receiver.rate(nginx.port, file, connections, least=bench.mib(MIB) << 22), "GB/s",
            bench.rounds(6 if connections == 64 else 9), asked)
    whole, part = "/llama-rank-0-of-1.safetensors", "/llama-rank-0-of-4.safetensors"
    rows = []
    for connections in (1, 4, 64):
        rows.append(row("mp 1, direct", direct, "/shard?rank=0&mp=1", whole, connections, 1))
    for connections in (1, 4, 64):
        rows.append(row("mp 4, cached", cached, "/shard?rank=0&mp=4", part, connections, 1))
    for connections in (1, 4, 64):
        rows.append(row("mp 4, direct, a third of it gathered", direct, "/shard?rank=0&mp=4", part, connections, None))
    for connections in (1, 4, 64):
        rows.append(row("mp 4, direct, the gathered tensors alone", direct, gathered, "/gathered", connections, 0.9))
    for connections in (1, 4):
        rows.append(compare(
            f"mp 1, direct, TLS 1.3 with AES-128-GCM, {connections} connection{'s' * (connections > 1)}",
            lambda: receiver.rate(f"{direct.tls_port}tls", "/shard?rank=0&mp=1", connections, least=bench.mib(MIB) << 21),
            lambda: receiver.rate(f"{nginx.tls_port}tls", whole, connections, least=bench.mib(MIB) << 21), "GB/s",
            bench.rounds(7), 1))
    yield Table(TITLE, "nginx, sendfile, ready files of the same bytes", rows)
    def heads(port, path):
        # wrk waits for the body that the head of an answer to HEAD speaks of.
        seconds, count, _ = receiver.take(port, [path] * 64, "heads", 2000)
        return count / seconds
    small = [
        compare("GET /healthz, 64 connections, by wrk", lambda: requests_per_second(direct.port, "/healthz"),
                lambda: requests_per_second(nginx.port, "/healthz"), "requests/s", bench.rounds(9), 0.9),
        compare("HEAD /shard, 64 connections, by 64 threads of a client in C", lambda: heads(direct.port, "/shard?rank=0&mp=4"),
                lambda: heads(nginx.port, "/healthz"), "requests/s", bench.rounds(7), 0.9)]
    yield Table("Small requests", "nginx, return 200, the same method", small)
