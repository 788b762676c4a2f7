"""What Megatron trained, loaded by transformers, which knows nothing of Megatron: the same logits, to the last bit."""
import subprocess

import pytest
import torch
import transformers

import logical_models
from daemon import binary, daemon, get

TOKENS = torch.tensor([[3, 14, 15, 92, 65, 35, 89, 79], [32, 38, 46, 26, 43, 38, 32, 7]])
MODELS = {
    "gpt2": (logical_models.gpt2, logical_models.save_megatron_gpt2),
    "llama": (logical_models.llama, logical_models.save_core_llama),
}


@pytest.fixture(scope="module", params=sorted(MODELS))
def saved(request, tmp_path_factory):
    """A model, and its checkpoint as Megatron saves it."""
    make, save = MODELS[request.param]
    folder = tmp_path_factory.mktemp("megatron") / request.param
    folder.mkdir()
    model = make()
    save(model, folder)
    return model, folder


def logits(model):
    with torch.no_grad():
        return model(TOKENS).logits


@pytest.fixture(scope="module")
def fetched(saved, tmp_path_factory):
    """The folder that a person would make of what is served: the weights, and the configuration that is made of the arguments."""
    _, source = saved
    folder = tmp_path_factory.mktemp("fetched")
    with daemon(source) as url:
        (folder / "model.safetensors").write_bytes(get(f"{url}/shard?rank=0&mp=1&names=hf")[0])
    made = subprocess.run([binary(), "inspect", source, "--hf-config"], capture_output=True, text=True, check=True)
    (folder / "config.json").write_text(made.stdout)
    return folder


def test_logits_are_equal_to_the_last_bit(saved, fetched):
    model, _ = saved
    loaded, notes = transformers.AutoModelForCausalLM.from_pretrained(
        fetched, dtype=torch.float32, output_loading_info=True
    )
    assert type(loaded) is type(model)
    assert not notes["unexpected_keys"] and not notes["mismatched_keys"], notes
    assert set(notes["missing_keys"]) <= {"lm_head.weight"}, notes
    assert torch.equal(logits(loaded.eval()), logits(model))


def test_every_tensor_is_the_models_own(saved, fetched):
    model, _ = saved
    loaded = transformers.AutoModelForCausalLM.from_pretrained(fetched, dtype=torch.float32).state_dict()
    state = model.state_dict()
    assert loaded.keys() == state.keys()
    assert [name for name in state if not torch.equal(loaded[name], state[name])] == []


def test_ranks_exported_and_joined_are_the_whole_model(saved, tmp_path):
    import safetensors.torch

    model, source = saved
    subprocess.run(
        [binary(), "export", source, "--mp", "2", "--names", "hf", "-o", tmp_path], check=True, capture_output=True
    )
    ranks = [safetensors.torch.load_file(path) for path in sorted(tmp_path.glob("*.safetensors"))]
    assert len(ranks) == 2
    state = model.state_dict()
    for name, first in ranks[0].items():
        whole, parts = state[name], [rank[name] for rank in ranks]
        axis = next((axis for axis, extent in enumerate(first.shape) if extent != whole.shape[axis]), None)
        if axis is None:
            joined = first
        elif ".c_attn." in name:
            joined = torch.cat([part.chunk(3, axis)[third] for third in range(3) for part in parts], axis)
        else:
            joined = torch.cat(parts, axis)
        assert torch.equal(joined, whole), name
