"""The Hugging Face Hub's clients with HF_ENDPOINT at a daemon: models of three frameworks, the same logits, and every file they list."""
import hashlib
import json
import os
import pathlib
import subprocess
import sys

import pytest
import requests
import safetensors.torch
import tokenizers
import torch
import transformers

import hub_client
import logical_models
from daemon import REPOSITORY, daemon, get, get_json

NAMES = ["bloom", "llama", "gpt2"]


def save_bin(model, folder):
    """A BLOOM as transformers saved it before safetensors, with a tokenizer and files that no model needs."""
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    model.config.save_pretrained(folder)
    words = {"three": 3, "one": 1, "four": 4, "[UNK]": 0}
    base = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    base.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=base, unk_token="[UNK]").save_pretrained(folder)
    (folder / "secrets.json").write_text("{}")
    (folder / "modeling_bloom.py").write_text("raise SystemExit")


def save_dcp(model, folder):
    """A LLaMA as two processes of torch.distributed saved it."""
    whole = folder.with_suffix(".safetensors")
    safetensors.torch.save_file(model.state_dict(), whole)
    script = REPOSITORY / "Tests" / "Interop" / "dcp_save.py"
    processes = [subprocess.Popen([sys.executable, script, str(rank), "2", folder, whole]) for rank in range(2)]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    model.config.save_pretrained(folder)


def save_megatron(model, folder):
    """A GPT-2 as two ranks of Megatron-LM saved it: no config.json anywhere."""
    logical_models.save_megatron_gpt2(model, folder, stages=1)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """The models, and the folders that they are saved in."""
    folder = tmp_path_factory.mktemp("checkpoints")
    made = {}
    for name, save in zip(NAMES, [save_bin, save_dcp, save_megatron]):
        (folder / name).mkdir()
        made[name] = getattr(logical_models, name)()
        save(made[name], folder / name)
    return folder, made


@pytest.fixture(scope="module")
def url(models):
    folder, _ = models
    with daemon(*(folder / name for name in NAMES)) as url:
        yield url


def environment(url, home):
    """This process's, with nothing of the Hub's clients but the endpoint: they run with their defaults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGINGFACE_", "TRANSFORMERS_"))}
    return {**kept, "HF_ENDPOINT": url, "HF_HOME": str(home)}


@pytest.fixture(scope="module")
def seen(url, tmp_path_factory):
    """What a client found."""
    folder = tmp_path_factory.mktemp("client")
    script = pathlib.Path(hub_client.__file__)
    done = subprocess.run(
        [sys.executable, script, folder, *NAMES], env=environment(url, folder / "home"), capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-4000:]
    facts = json.loads((folder / "facts.json").read_text())
    print(facts["versions"])
    return folder, facts


@pytest.mark.parametrize("name", NAMES)
def test_from_pretrained_computes_the_same(models, seen, name):
    _, made = models
    folder, facts = seen
    original = hub_client.computed(made[name])
    loaded = safetensors.torch.load_file(folder / f"{name}.safetensors")
    assert facts["models"][name]["class"] == type(made[name]).__name__
    assert torch.equal(loaded["logits"], original["logits"])
    assert torch.equal(loaded["generated"], original["generated"])


@pytest.mark.parametrize("name", NAMES)
def test_snapshots_hold_the_partitions_and_nothing_else(url, seen, name):
    facts = seen[1]["models"][name]
    assert facts["by_commit"] == facts["snapshot"]
    assert pathlib.Path(facts["snapshot"]).name == facts["sha"] == facts["branches"]["main"]
    assert sorted(facts["listed"]) == facts["files"] == sorted(facts["sizes"])
    extra = ["tokenizer.json", "tokenizer_config.json"] if name == "bloom" else []
    assert facts["files"] == sorted(["config.json", "model.safetensors", *extra])
    assert facts["ls"] == [f"weight-server/{name}/{file}" for file in facts["files"]]
    for file, size in facts["sizes"].items():
        assert (pathlib.Path(facts["snapshot"]) / file).stat().st_size == size
    assert pathlib.Path(facts["named"]).read_bytes() == (pathlib.Path(facts["snapshot"]) / "config.json").read_bytes()
    whole = get(f"{url}/shard?model={name}&rank=0&mp=1&names=hf")[0]
    assert (pathlib.Path(facts["snapshot"]) / "model.safetensors").read_bytes() == whole
    assert facts["rank_files"] == sorted(["config.json", *extra, "rank-0-of-2.safetensors", "rank-1-of-2.safetensors"])
    for rank in range(2):
        file = pathlib.Path(facts["ranks"]) / f"rank-{rank}-of-2.safetensors"
        assert file.read_bytes() == get(f"{url}/shard?model={name}&rank={rank}&mp=2&names=hf&dtype=bfloat16")[0]
    assert facts["one_file"] == str(pathlib.Path(facts["ranks"]) / "rank-1-of-2.safetensors")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_before_the_bytes_is_true_of_them(models, seen, name):
    facts = seen[1]["models"][name]
    tensors = safetensors.torch.load_file(pathlib.Path(facts["snapshot"]) / "model.safetensors")
    total = sum(tensor.numel() for tensor in tensors.values())
    assert facts["parameters"] == {"F32": total}
    assert facts["expanded"] == total
    assert facts["weight_map"] == dict.fromkeys(tensors, "model.safetensors")
    assert facts["paths_info"] == [["config.json", facts["sizes"]["config.json"]]]
    assert facts["exists"] == [True, False, False]
    assert {"main", "mp1", "mp2"} <= facts["branches"].keys()


def test_errors_are_those_that_the_clients_know(seen):
    errors = seen[1]["errors"]
    assert errors["repository"][0] == "RepositoryNotFoundError"
    assert errors["revision"][0] == "RevisionNotFoundError" and "mp=5 cannot split" in errors["revision"][1]
    assert errors["malformed"][0] == "RevisionNotFoundError" and "float7" in errors["malformed"][1]
    assert errors["entry"][0] in ("EntryNotFoundError", "RemoteEntryNotFoundError")
    assert errors["commit"][0] == "RevisionNotFoundError"


def test_a_tokenizer_is_loaded(seen):
    assert seen[1]["tokens"] == [3, 1, 4]


def test_commit_ids_are_a_function_of_content_and_branch(url):
    for name in NAMES:
        revision = get_json(f"{url}/manifests/{name}")["revision"]
        for branch in ("main", "mp2", "mp2-bfloat16-int8", "main-float16"):
            commit = get_json(f"{url}/api/models/{name}/revision/{branch}")["sha"]
            assert commit == hashlib.sha256(f"{revision}{branch}".encode()).hexdigest()[:40]


def test_a_commit_id_outlives_the_daemon(models, url):
    """A client that holds an id from before a restart, or from another host, is served."""
    folder, _ = models
    commits = {branch: get_json(f"{url}/api/models/llama/revision/{branch}")["sha"] for branch in ("main", "mp2-bfloat16", "mp1-int8")}
    with daemon(folder / "llama") as other:
        for branch, commit in commits.items():
            file = "model.safetensors" if branch == "main" else f"rank-0-of-{branch[2]}.safetensors"
            _, fields = get(f"{other}/llama/resolve/{commit}/{file}")
            assert fields["X-Repo-Commit"] == commit
            assert fields["Cache-Control"] == "public, max-age=31536000, immutable"


def test_listings_come_in_pages(url):
    paths, page = [], f"{url}/api/models/bloom/tree/mp2?recursive=true&limit=2"
    while page:
        answer = requests.get(page)
        assert 1 <= len(answer.json()) <= 2
        paths += [entry["path"] for entry in answer.json()]
        page = answer.links.get("next", {}).get("url")
    assert paths == sorted(get_json(f"{url}/api/models/bloom/revision/mp2")["siblings"][i]["rfilename"] for i in range(5))


def test_a_download_goes_on_where_it_stopped(url, seen, tmp_path):
    facts = seen[1]["models"]["llama"]
    whole = (pathlib.Path(facts["snapshot"]) / "model.safetensors").read_bytes()
    (tmp_path / "part").write_bytes(whole[:5000])
    program = (
        "import sys; from huggingface_hub.file_download import http_get\n"
        "with open(sys.argv[2], 'ab') as file: http_get(sys.argv[1], file, resume_size=5000)"
    )
    arguments = [f"{url}/llama/resolve/main/model.safetensors", tmp_path / "part"]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, env=environment(url, tmp_path), capture_output=True)
    assert (tmp_path / "part").read_bytes() == whole


def test_a_cache_of_the_hub_is_served_again(seen):
    """What the client fetched lies in its cache as links to blobs: it is a checkpoint as good as the first."""
    facts = seen[1]["models"]["bloom"]
    with daemon(facts["snapshot"]) as url:
        assert get_json(f"{url}/manifests")[0]["name"] == "bloom"
        files = [entry["rfilename"] for entry in get_json(f"{url}/api/models/bloom")["siblings"]]
        assert files == facts["files"]
        for file in files:
            if file != "model.safetensors":
                assert get(f"{url}/bloom/resolve/main/{file}")[0] == (pathlib.Path(facts["snapshot"]) / file).read_bytes()


def test_a_token_of_the_hubs_is_a_token_here(models, tmp_path):
    """HF_TOKEN is sent as a bearer token: it shows what it is for, and nothing else."""
    folder, _ = models
    digest = hashlib.sha256(b"hf_of_the_test").hexdigest()
    (tmp_path / "tokens").write_text(f"worker {digest} read manifests=llama\n")
    (tmp_path / "tokens").chmod(0o600)
    (tmp_path / "config.yaml").write_text(f"tokens:\n  file: {tmp_path}/tokens\n")
    program = (
        "import sys, huggingface_hub\n"
        "try: print(sorted(huggingface_hub.HfApi().list_repo_files(sys.argv[1])))\n"
        "except Exception as error: print(type(error).__name__)"
    )
    with daemon("--config", tmp_path / "config.yaml", folder / "llama", folder / "gpt2") as url:
        for token, name, expected in [
            ("hf_of_the_test", "llama", "['config.json', 'model.safetensors']"), ("hf_of_the_test", "gpt2", "RepositoryNotFoundError"),
            (None, "llama", "HfHubHTTPError"),
        ]:
            variables = {**environment(url, tmp_path / "home"), **({"HF_TOKEN": token} if token else {})}
            done = subprocess.run([sys.executable, "-c", program, name], env=variables, capture_output=True, text=True, timeout=300)
            assert done.stdout.strip() == expected, done.stderr
