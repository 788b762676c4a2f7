"""The programs of Examples/Client, built by `make examples`, against a daemon."""
import json
import os
import pathlib
import re
import subprocess

import pytest

from daemon import SAMPLE, daemon, get, get_json

FOLDER = os.environ.get("EXAMPLES_UNDER_TEST")
pytestmark = pytest.mark.skipif(not FOLDER, reason="`make examples` builds and runs these")


def run(name, *arguments):
    done = subprocess.run([pathlib.Path(FOLDER) / name, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_first_partition(sample_url):
    lines = run("FirstPartition", sample_url).splitlines()
    plan = get_json(f"{sample_url}/plan?rank=2&mp=4")
    assert [line.split()[0] for line in lines] == [tensor["name"] for tensor in plan["tensors"]]


def test_first_partition_is_mapped_over_a_unix_socket(tmp_path):
    with daemon(SAMPLE, "--listen", f"unix:{tmp_path}/s") as url:
        over_tcp = run("FirstPartition", url)
        assert get_json(f"{url}/stats")["shared_memory"]["handed_out"] == 0
        assert run("FirstPartition", f"unix:{tmp_path}/s") == over_tcp
        assert get_json(f"{url}/stats")["shared_memory"]["handed_out"] == 1


def test_plan_only(sample_url):
    text = run("PlanOnly", sample_url)
    for degree in get_json(f"{sample_url}/manifests")[0]["mp_degrees"]:
        length = len(get(f"{sample_url}/shard?rank=0&mp={degree}")[0])
        assert re.search(rf"mp {degree}: rank 0 has \d+ tensors, {length} bytes", text), text


def test_stream_to_accelerator(sample_url):
    plan = get_json(f"{sample_url}/plan?rank=1&mp=2")
    data = sum(tensor["range"][1] - tensor["range"][0] for tensor in plan["tensors"])
    text = run("StreamToAccelerator", sample_url, 1, 2)
    assert text.startswith(f"{len(plan['tensors'])} tensors, {data} bytes in "), text


def test_load_test(sample_url):
    text = run("LoadTest", sample_url, 4, 3, 12)
    assert text.startswith("12 requests by 3 workers"), text
    assert ", 0 failed" in text, text


def test_resume_download(tmp_path):
    rows = 1 << 20
    folder = tmp_path / "large"
    folder.mkdir()
    configuration = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_attention_heads": 8,
        "num_key_value_heads": 8, "num_hidden_layers": 1, "intermediate_size": 128, "vocab_size": rows,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(configuration))
    header = json.dumps(
        {"model.embed_tokens.weight": {"dtype": "F16", "shape": [rows, 64], "data_offsets": [0, rows * 128]}}
    ).encode()
    header += b" " * (-len(header) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + rows * 128)
    target = tmp_path / "part.safetensors"
    with daemon(folder) as url:
        # It is stopped once something is there; by then all may be, and then nothing is left to go on with.
        first = run("ResumeDownload", url, target, 1)
        assert first.startswith("stopped at ") or target.exists(), first
        second = run("ResumeDownload", url, target)
        length = int(get_json(f"{url}/plan?rank=0&mp=1")["bytes"])
        assert re.fullmatch(rf"{length} bytes, \d+ of them from an earlier run\n", second), second
        assert target.stat().st_size == length
    assert [one.name for one in tmp_path.glob("*.part*")] == []
