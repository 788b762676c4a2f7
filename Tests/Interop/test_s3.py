"""Checkpoints in an object store: rclone's S3 server on a folder, with a proxy between that counts what comes and can cut it."""
import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import numpy
import pytest
import safetensors.numpy

from daemon import FIXTURES
from served import Served

KEY, SECRET = "test-key", "test-secret"


class Proxy:
    """Passes connections on to a port, counts the bytes that come back, and cuts some answers in the middle."""

    def __init__(self, target):
        self.target = target
        self.received = 0
        self.cuts = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        with near, socket.create_connection(("127.0.0.1", self.target)) as far:
            threading.Thread(target=self.copy, args=(near, far), daemon=True).start()
            seen = 0
            while True:
                try:
                    piece = far.recv(65536)
                except OSError:
                    piece = b""
                if not piece:
                    break
                seen += len(piece)
                with self.lock:
                    self.received += len(piece)
                    is_cut = self.cuts > 0 and seen > 100_000
                    self.cuts -= is_cut
                if is_cut:
                    break
                try:
                    near.sendall(piece)
                except OSError:
                    break
            for side in (near, far):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)

    def copy(self, near, far):
        with contextlib.suppress(OSError):
            while piece := near.recv(65536):
                far.sendall(piece)
            far.shutdown(socket.SHUT_WR)

    def close(self):
        self.listener.close()


class Store:
    """A bucket `weights` that is a folder."""

    def __init__(self, folder):
        self.bucket = pathlib.Path(folder) / "weights"
        self.bucket.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        rclone = shutil.which("rclone", path=str(pathlib.Path(sys.executable).parent)) or "rclone"
        self.process = subprocess.Popen(
            [rclone, "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}",
             "--vfs-cache-mode", "off", "--dir-cache-time", "0s"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "RCLONE_CONFIG": "/dev/null"},
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None
                time.sleep(0.05)
        self.proxy = Proxy(port)

    def environment(self, secret=SECRET, **more):
        return {
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": secret, "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.proxy.port}", **more,
        }

    def close(self):
        self.proxy.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "store")
    yield store
    store.close()


def tensors(body):
    return {name: array.tobytes() for name, array in safetensors.numpy.load(body).items()} if body else None


def body_of(served, rank, mp):
    status, body, _ = served.get(f"/shard?rank={rank}&mp={mp}")
    assert status == 200, body
    return body


def content(body):
    """What of a partition does not depend on where it lies: the tensors with their types and shapes."""
    length = int.from_bytes(body[:8], "little")
    header = json.loads(body[8:8 + length])
    header.pop("__metadata__")
    return header, body[8 + length:]


def only(served):
    (entry,) = served.get_json("/manifests")
    return entry


@pytest.mark.parametrize("fixture, name", [("hf_llama_gqa_bf16", ""), ("megatron_v2_mp2_bf16_ckptver", "manifest.json")])
def test_a_bucket_serves_what_the_folder_does(store, tmp_path, fixture, name):
    shutil.copytree(FIXTURES / fixture / "checkpoint", store.bucket / "models" / fixture)
    local = FIXTURES / fixture / "checkpoint" / name
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    location = f"s3://weights/models/{fixture}/{name}".rstrip("/")
    with Served(tmp_path / "one", checkpoint=local) as here, Served(
        tmp_path / "other", checkpoint=location, environment=store.environment()
    ) as there:
        assert only(there)["state"] == "ready", only(there)
        assert only(there)["name"] == (fixture if not name else only(there)["name"])
        for mp in (1, 2, 4):
            for rank in range(mp):
                assert content(body_of(here, rank, mp)) == content(body_of(there, rank, mp)), (rank, mp)
        assert "objects" in os.listdir(tmp_path / "other" / "cache")
        assert there.get_json("/plan?rank=0&mp=2")["serving"]
    left = os.listdir(tmp_path / "other" / "cache" / "objects")
    with Served(tmp_path / "other", checkpoint=location, environment=store.environment()) as again:
        assert only(again)["state"] == "ready"
        mirrors = os.listdir(tmp_path / "other" / "cache" / "objects")
        assert len(mirrors) == 1 and mirrors != left, "what a daemon leaves behind goes when the next one needs a place"


def test_a_wrong_secret_is_said(store, tmp_path):
    shutil.copytree(FIXTURES / "hf_llama_gqa_bf16" / "checkpoint", store.bucket / "llama")
    environment = store.environment(secret="wrong")
    with Served(tmp_path, checkpoint="s3://weights/llama", environment=environment) as served:
        error = only(served)["error"]
        assert "status 403" in error["message"] and "AWS_ACCESS_KEY_ID" in error["message"], error
        assert "wrong" not in served.text and SECRET not in served.text


def test_a_missing_key_is_said(store, tmp_path):
    (store.bucket / "other").write_text("x")
    with Served(tmp_path, checkpoint="s3://weights/llama", environment=store.environment()) as served:
        error = only(served)["error"]
        assert error["code"] == "not_found", error
        assert "s3://weights/llama" in error["message"], error


def llama(folder, hidden=512, layers=4):
    """A checkpoint of 40 MiB whose weights are random."""
    generator = numpy.random.default_rng(1)
    state = {"model.embed_tokens.weight": [4096, hidden], "model.norm.weight": [hidden], "lm_head.weight": [4096, hidden]}
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        state |= {prefix + f"self_attn.{name}_proj.weight": [hidden, hidden] for name in "qkvo"}
        state |= {prefix + f"mlp.{name}_proj.weight": [4 * hidden, hidden] for name in ("gate", "up")}
        state |= {prefix + "mlp.down_proj.weight": [hidden, 4 * hidden]}
        state |= {prefix + f"{name}_layernorm.weight": [hidden] for name in ("input", "post_attention")}
    arrays = {name: generator.standard_normal(shape).astype(numpy.float16) for name, shape in state.items()}
    folder.mkdir(parents=True)
    safetensors.numpy.save_file(arrays, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({
        "model_type": "llama", "hidden_size": hidden, "intermediate_size": 4 * hidden, "num_attention_heads": 8,
        "num_key_value_heads": 8, "num_hidden_layers": layers, "vocab_size": 4096}))  # fmt: skip
    return arrays


def test_only_what_is_needed_is_fetched_and_once(store, tmp_path):
    arrays = llama(store.bucket / "llama")
    row_parallel = ("o_proj.weight", "down_proj.weight")
    with Served(tmp_path, checkpoint="s3://weights/llama", environment=store.environment()) as served:
        indexed = store.proxy.received
        assert indexed < 200_000, "the index fetches headers"
        first = body_of(served, 0, 4)
        whole = sum(a.nbytes for n, a in arrays.items() if n.endswith(row_parallel) or a.ndim == 1)
        parts = sum(a.nbytes // 4 for n, a in arrays.items() if not n.endswith(row_parallel) and a.ndim == 2)
        assert store.proxy.received - indexed <= 1.05 * (whole + parts), (store.proxy.received - indexed, whole + parts)
        others = [body_of(served, rank, 4) for rank in range(1, 4)]
        total = sum(array.nbytes for array in arrays.values())
        assert store.proxy.received <= 1.05 * total, (store.proxy.received, total)
        ranks = [safetensors.numpy.load(body) for body in [first, *others]]
    for name, array in arrays.items():
        parts = [rank[name] for rank in ranks]
        axis = 1 if name.endswith(row_parallel) else 0
        joined = parts[0] if array.ndim == 1 else numpy.concatenate(parts, axis=axis)
        assert numpy.array_equal(joined, array), name


def test_a_connection_that_is_cut_is_gone_on_with(store, tmp_path):
    arrays = llama(store.bucket / "llama")
    with Served(tmp_path, checkpoint="s3://weights/llama", environment=store.environment()) as served:
        store.proxy.cuts = 6
        loaded = safetensors.numpy.load(body_of(served, 0, 1))
        assert store.proxy.cuts == 0
    assert all(numpy.array_equal(loaded[name], array) for name, array in arrays.items())


def test_a_range_is_fetched_alone(store, tmp_path):
    llama(store.bucket / "llama")
    with Served(tmp_path, checkpoint="s3://weights/llama", environment=store.environment()) as served:
        before = store.proxy.received
        status, body, _ = served.get("/shard?rank=0&mp=1", {"Range": "bytes=10000000-10099999"})
        assert status == 206 and len(body) == 100_000
        assert store.proxy.received - before < 1_000_000
        assert body == body_of(served, 0, 1)[10_000_000:10_100_000]


def test_an_object_that_changed_is_never_mixed_with_the_old(store, tmp_path):
    llama(store.bucket / "llama")
    with Served(tmp_path, checkpoint="s3://weights/llama", environment=store.environment()) as served:
        revision = only(served)["revision"]
        first = body_of(served, 0, 4)
        path = store.bucket / "llama" / "model.safetensors"
        content = bytearray(path.read_bytes())
        content[len(content) // 2:] = bytes(len(content) - len(content) // 2)
        path.write_bytes(content)
        with pytest.raises((urllib.error.URLError, OSError, AssertionError)) as failure:
            body_of(served, 1, 4)
        assert failure
        served.wait(lambda: only(served)["state"] == "stale")
        # What was made of the old version may be sent on, whole, or refused; never mixed.
        answer = served.get("/shard?rank=0&mp=4")
        assert answer[:2] == (200, first) or (answer[0] == 500 and b"data_loss" in answer[1]), answer[:2]
        _, status = served.administer("POST", f"/manifests/{only(served)['name']}/reload")
        assert status["state"] == "ready" and status["revision"] != revision
        assert tensors(body_of(served, 1, 4))
