"""The sample checkpoint, read by the safetensors library."""
import hashlib
import json

import numpy
import pytest
import safetensors
import safetensors.numpy

from daemon import REPOSITORY, get

EXPECTED = json.loads((REPOSITORY / "Tests" / "Fixtures" / "sample" / "expected.json").read_text())
RANKS = [(mp, rank) for mp in (1, 2, 4, 8) for rank in range(mp)]


def expected(mp, rank):
    return {row["name"]: row for row in EXPECTED if row["mp"] == mp and row["rank"] == rank}


@pytest.mark.parametrize("mp, rank", RANKS)
def test_every_rank_loads_and_holds_what_torch_cut(sample_url, mp, rank):
    tensors = safetensors.numpy.load(get(f"{sample_url}/shard?rank={rank}&mp={mp}")[0])
    rows = expected(mp, rank)
    assert set(tensors) == set(rows)
    for name, tensor in tensors.items():
        assert tensor.dtype == numpy.float16
        assert list(tensor.shape) == rows[name]["shape"]
        assert hashlib.sha256(tensor.tobytes()).hexdigest() == rows[name]["sha256"], name


def test_safe_open_reads_metadata_and_slices(sample_url, tmp_path):
    path = tmp_path / "rank.safetensors"
    path.write_bytes(get(f"{sample_url}/shard?rank=1&mp=2")[0])
    with safetensors.safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        assert metadata["format"] == "pt"
        assert metadata["model"] == "gpt2-tiny"
        assert (metadata["rank"], metadata["mp"], metadata["names"]) == ("1", "2", "source")
        assert metadata["num_attention_heads"] == "8"
        assert len(metadata["revision"]) == 40
        name = "transformer.layers.1.attention.query_key_value.weight"
        piece = file.get_slice(name)
        assert piece.get_shape() == [96, 64]
        assert (piece[10:20, 5:7] == file.get_tensor(name)[10:20, 5:7]).all()


def test_ranks_joined_are_the_whole_model(sample_url):
    whole = safetensors.numpy.load(get(f"{sample_url}/shard?rank=0&mp=1")[0])
    ranks = [safetensors.numpy.load(get(f"{sample_url}/shard?rank={rank}&mp=4")[0]) for rank in range(4)]
    for name, tensor in whole.items():
        parts = [rank[name] for rank in ranks]
        axis = next((axis for axis, extent in enumerate(parts[0].shape) if extent != tensor.shape[axis]), None)
        joined = parts[0] if axis is None else numpy.concatenate(parts, axis)
        assert (joined == tensor).all(), name
