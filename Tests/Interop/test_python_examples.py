"""The programs of Examples/python, as a person runs them, and torn as a network tears them."""
import contextlib
import os
import socket
import subprocess
import sys
import threading

import pytest
import safetensors.torch
import torch
import transformers

import logical_models
from daemon import REPOSITORY, daemon, get

FOLDER = REPOSITORY / "Examples" / "python"


def run(program, *arguments, status=0, **options):
    done = subprocess.run(
        [sys.executable, FOLDER / program, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )
    assert done.returncode == status, done.stderr[-3000:]
    return done


def test_every_example_is_listed():
    text = (FOLDER / "README.md").read_text()
    for program in FOLDER.glob("*.py"):
        assert f"`{program.name} " in text, program.name


@pytest.mark.parametrize("program", ["load_rank.py", "stream_tensors.py"])
def test_every_tensor_is_there(sample_url, program):
    lines = run(program, sample_url, 1, 2).stdout.splitlines()
    tensors = safetensors.torch.load(get(f"{sample_url}/shard?rank=1&mp=2")[0])
    assert sorted(lines) == sorted(f"{name} {tensor.dtype} {tuple(tensor.shape)}" for name, tensor in tensors.items())


def test_streamed_tensors_are_those_of_the_file(sample_url):
    sys.path.insert(0, str(FOLDER))
    try:
        import stream_tensors
    finally:
        sys.path.remove(str(FOLDER))
    import urllib.request

    for query in ("rank=3&mp=4", "rank=0&mp=1&quantize=int8&dtype=bfloat16"):
        whole = safetensors.torch.load(get(f"{sample_url}/shard?{query}")[0])
        with urllib.request.urlopen(f"{sample_url}/shard?{query}") as stream:
            streamed = dict(stream_tensors.tensors(stream))
        assert streamed.keys() == whole.keys()
        assert [name for name in whole if not torch.equal(streamed[name], whole[name])] == []


@pytest.mark.parametrize("program", ["load_rank.py", "stream_tensors.py"])
def test_a_refusal_is_shown(sample_url, program):
    assert "mp 1, 2, 4, 8" in run(program, sample_url, 0, 3, status=1).stderr


@pytest.mark.parametrize("scheme, limit", [("int8", 1.5), ("int4", 15)])
def test_dequantized_values_are_near(sample_url, scheme, limit):
    lines = run("dequantize.py", sample_url, 0, 2, scheme).stdout.splitlines()
    assert len(lines) == 8
    for line in lines:
        assert 0 < float(line.split()[2]) < limit, line


@contextlib.contextmanager
def torn(url, bytes_, times):
    """A way to a daemon that breaks after some bytes of an answer, so many times."""
    host, port = url.removeprefix("http://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))
    cuts = [bytes_] * times

    def carry(source, target, limit):
        with contextlib.suppress(OSError):
            while data := source.recv(min(65536, limit)):
                target.sendall(data)
                limit -= len(data)
                if limit <= 0:
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection((host, int(port)))
                limit = cuts.pop() if cuts else 1 << 40
                for arguments in ((client, server, 1 << 40), (server, client, limit)):
                    threading.Thread(target=carry, args=arguments, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_torn_download_is_whole_in_the_end(sample_url, tmp_path):
    whole = get(f"{sample_url}/shard?rank=0&mp=2")[0]
    with torn(sample_url, 30_000, times=4) as url:
        done = run("resume_download.py", url, 0, 2, tmp_path / "rank0")
    assert done.stderr.count("going on") == 4, done.stderr
    assert (tmp_path / "rank0").read_bytes() == whole
    assert os.listdir(tmp_path) == ["rank0"]


def test_a_download_goes_on_after_a_crash_and_starts_again_where_the_content_is_another(sample_url, tmp_path):
    body, fields = get(f"{sample_url}/shard?rank=0&mp=2")
    for tag, start in ((fields["ETag"], body[:50_000]), ('"another"', b"x" * 50_000), (fields["ETag"], body)):
        (tmp_path / "rank0.part").write_bytes(start)
        (tmp_path / "rank0.part.etag").write_text(tag)
        run("resume_download.py", sample_url, 0, 2, tmp_path / "rank0")
        assert (tmp_path / "rank0").read_bytes() == body
        assert os.listdir(tmp_path) == ["rank0"]


def test_bytes_that_are_wrong_are_thrown_away(sample_url, tmp_path):
    _, fields = get(f"{sample_url}/shard?rank=0&mp=2")
    (tmp_path / "rank0.part").write_bytes(b"x" * 50_000)
    (tmp_path / "rank0.part.etag").write_text(fields["ETag"])
    assert "digest" in run("resume_download.py", sample_url, 0, 2, tmp_path / "rank0", status=1).stderr
    assert not (tmp_path / "rank0").exists()
    run("resume_download.py", sample_url, 0, 2, tmp_path / "rank0")


@pytest.mark.parametrize("mp", [1, 2])
def test_ranks_compute_what_the_whole_model_does(sample_url, mp):
    assert f"{mp} ranks: logits of shape (2, 8, 512)" in run("tensor_parallel.py", sample_url, mp).stdout


def test_that_is_what_transformers_computes(tmp_path):
    """The example's arithmetic against transformers', on the model that Megatron saved over 2 ranks."""
    sys.path.insert(0, str(FOLDER))
    try:
        import tensor_parallel
    finally:
        sys.path.remove(str(FOLDER))
    model = logical_models.gpt2()
    (tmp_path / "gpt2").mkdir()
    logical_models.save_megatron_gpt2(model, tmp_path / "gpt2", stages=1)
    with daemon(tmp_path / "gpt2") as url, torch.no_grad():
        run("tensor_parallel.py", url, 2)
        logits = tensor_parallel.ParallelGPT2(*tensor_parallel.fetch(url, 0, 1, None), 0, 1)(tensor_parallel.TOKENS)
    assert isinstance(model, transformers.GPT2LMHeadModel)
    assert torch.allclose(logits, model(tensor_parallel.TOKENS).logits, atol=1e-4, rtol=1e-4)
