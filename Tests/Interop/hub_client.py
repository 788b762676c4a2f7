"""A program that knows nothing of Weight Server, with HF_ENDPOINT at one: hub_client.py FOLDER NAME...

Loads each model, and writes what it computes to FOLDER/NAME.safetensors and what its libraries tell of it to FOLDER/facts.json."""
import json
import pathlib
import sys

import huggingface_hub
import safetensors.torch
import torch
import transformers
from huggingface_hub import HfApi, HfFileSystem

TOKENS = torch.tensor([[3, 14, 15, 92, 65, 35, 89, 79], [32, 38, 46, 26, 43, 38, 32, 7]])


def computed(model):
    with torch.no_grad():
        generated = model.generate(TOKENS, attention_mask=torch.ones_like(TOKENS), max_new_tokens=8, do_sample=False, pad_token_id=0)
        return {"logits": model(TOKENS).logits, "generated": generated}


def failure(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except Exception as error:
        return [type(error).__name__, str(error)]


def facts(name):
    api = HfApi()
    snapshot = pathlib.Path(huggingface_hub.snapshot_download(name))
    ranks = pathlib.Path(huggingface_hub.snapshot_download(name, revision="mp2-bfloat16"))
    metadata = huggingface_hub.get_safetensors_metadata(name)
    info = api.model_info(name, files_metadata=True)
    return {
        "snapshot": str(snapshot),
        "files": sorted(path.name for path in snapshot.iterdir()),
        "ranks": str(ranks),
        "rank_files": sorted(path.name for path in ranks.iterdir()),
        "one_file": huggingface_hub.hf_hub_download(name, "rank-1-of-2.safetensors", revision="mp2-bfloat16"),
        "by_commit": huggingface_hub.snapshot_download(name, revision=api.model_info(name).sha),
        "sha": info.sha,
        "sizes": {file.rfilename: file.size for file in info.siblings},
        "parameters": metadata.parameter_count,
        "weight_map": metadata.weight_map,
        "branches": {ref.name: ref.target_commit for ref in api.list_repo_refs(name).branches},
        "listed": api.list_repo_files(name),
        "ls": HfFileSystem().ls(f"weight-server/{name}", detail=False),
        "paths_info": [(entry.path, entry.size) for entry in api.get_paths_info(name, ["config.json", "absent"], expand=True)],
        "exists": [api.file_exists(name, "config.json"), api.file_exists(name, "absent"), api.repo_exists("absent")],
        "named": huggingface_hub.hf_hub_download(f"weight-server/{name}", "config.json"),
        "expanded": api.model_info(name, expand=["sha", "safetensors"]).safetensors.total,
    }


def errors(name):
    download = huggingface_hub.hf_hub_download
    return {
        "repository": failure(download, "absent", "config.json"),
        "revision": failure(download, name, "config.json", revision="mp5"),
        "malformed": failure(huggingface_hub.snapshot_download, name, revision="mp2-float7"),
        "entry": failure(download, name, "absent.json"),
        "commit": failure(download, name, "config.json", revision="0" * 40),
    }


def main(folder, *names):
    folder = pathlib.Path(folder)
    found = {"errors": errors(names[0]), "models": {}}
    for name in names:
        model = transformers.AutoModelForCausalLM.from_pretrained(name)
        safetensors.torch.save_file(computed(model.eval()), folder / f"{name}.safetensors")
        found["models"][name] = {"class": type(model).__name__, **facts(name)}
    tokenizer = transformers.AutoTokenizer.from_pretrained("bloom")
    found["tokens"] = tokenizer("three one four")["input_ids"]
    found["versions"] = {module.__name__: module.__version__ for module in (huggingface_hub, transformers, safetensors, torch)}
    (folder / "facts.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
