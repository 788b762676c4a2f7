"""A pull whose server is killed at random points, restarted, and sometimes has another checkpoint then.

The file is whole and right, or the error is clear; no temporary file stays. TORN_KILLS=200 kills more often, TORN_SEED repeats a run.
"""
import collections
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import time
import urllib.request

import numpy

from daemon import binary, wait_until_ready

KILLS = int(os.environ.get("TORN_KILLS", "10"))
SEED = int(os.environ.get("TORN_SEED", "0")) or random.randrange(1, 1 << 32)
ROWS = 3 << 18  # of 128 bytes: 96 MiB
CONFIGURATION = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_attention_heads": 8,
    "num_key_value_heads": 8, "num_hidden_layers": 1, "intermediate_size": 128, "vocab_size": ROWS,
}  # fmt: skip


def checkpoint(folder, seed):
    """A LLaMA folder with random numbers in its embedding."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIGURATION))
    header = json.dumps(
        {"model.embed_tokens.weight": {"dtype": "F16", "shape": [ROWS, 64], "data_offsets": [0, ROWS * 128]}}
    ).encode()
    header += b" " * (-len(header) % 8)
    data = numpy.random.default_rng(seed).integers(0, 256, ROWS * 128, dtype=numpy.uint8)
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data.tobytes())
    return folder


class Server:
    """One that is always at the same port, dead or alive."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, folder):
        listen = f"127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [binary(), "serve", "--listen", listen, "--name", "m", str(folder)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.process.stdout.readline().startswith(b"listening on "), self.process.wait()

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


def pull(url, target, connections):
    return subprocess.Popen(
        [binary(), "pull", "--mp", "1", "--rank", "0", "--connections", str(connections), "-o", str(target), url],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_whatever_happens_to_the_server_the_file_is_right(tmp_path):
    chance = random.Random(SEED)
    checkpoints = [checkpoint(tmp_path / name, number) for number, name in enumerate("ab")]
    out = tmp_path / "out"
    out.mkdir()
    target = out / "part.safetensors"
    server = Server()
    right = []
    took = 0.0
    for folder in checkpoints:
        server.start(folder)
        wait_until_ready(server.url, server.process)
        right.append(hashlib.sha256(urllib.request.urlopen(f"{server.url}/shard?rank=0&mp=1").read()).hexdigest())
        begin = time.monotonic()
        assert pull(server.url, target, 1).wait(60) == 0
        took = time.monotonic() - begin
        assert digest(target) == right[-1]
        target.unlink()
        server.kill()
    seen = collections.Counter()
    try:
        served = 0
        while seen["kills"] < KILLS:
            if not server.process:
                server.start(checkpoints[served])
            wait_until_ready(server.url, server.process)
            client = pull(server.url, target, chance.choice([1, 4]))
            for _ in range(chance.choice([1, 1, 2, 3])):
                time.sleep(chance.uniform(0, took))
                if client.poll() is not None:
                    break
                if chance.random() < 0.15:
                    client.send_signal(signal.SIGKILL)
                    seen["clients killed"] += 1
                    break
                server.kill()
                seen["kills"] += 1
                if chance.random() < 0.1:
                    break
                if chance.random() < 0.25:
                    served = 1 - served
                    seen["changed"] += 1
                server.start(checkpoints[served])
            _, errors = client.communicate(timeout=120)
            if client.returncode == 0:
                seen["whole"] += 1
                assert digest(target) in right, f"seed {SEED}"
                assert [one.name for one in out.iterdir()] == [target.name], f"seed {SEED}"
            else:
                assert not target.exists(), f"seed {SEED}"
                if client.returncode > 0:
                    seen[f"status {client.returncode}"] += 1
                    assert client.returncode in (64, 65, 69), f"seed {SEED}: {errors}"
                    assert errors.startswith("weight-server: ") and errors.count("\n") == 1, f"seed {SEED}: {errors}"
                # Whatever is left is gone on with, or thrown away.
                if not server.process:
                    server.start(checkpoints[served])
                wait_until_ready(server.url, server.process)
                again = pull(server.url, target, 1)
                _, errors = again.communicate(timeout=120)
                assert again.returncode == 0, f"seed {SEED}: {errors}"
                assert digest(target) == right[served], f"seed {SEED}"
                assert [one.name for one in out.iterdir()] == [target.name], f"seed {SEED}"
            target.unlink()
    finally:
        server.kill()
        print(f"seed {SEED}: {dict(seen)}")
