"""Partitions that the frameworks themselves made, against what is served, both taken apart by the safetensors library."""
import json

import pytest
import safetensors

from daemon import FIXTURES, daemon, get

# Where partitions differ from DeepSpeed's on purpose: it never merges final_linear, leaves lm_head and experts at the first
# rank's slice, and finds names by a part of them.
DIFFERENCES = {
    "megatron_keys_mp2_fp16": {
        "final_linear.weight",
        "lm_head.weight",
        "word_embeddings.weight_norm",
        "transformer.layers.1.mlp.deepspeed_moe.experts.deepspeed_experts.0.dense_h_to_4h.weight",
    },
    "torch_views_v0_mp2_fp32": {"final_linear.weight"},
}

# DeepSpeed's manifest of BLOOM is not read yet; the folder that it names is.
IN_PLACE = {"bloom_pp_fp16": ("checkpoint", "&embeddings=whole")}

CASES = sorted(
    folder.name
    for folder in FIXTURES.iterdir()
    # The manifest of the first contradicts its files, and is refused on purpose; the others are test_quantization's.
    if not folder.name.startswith(("megatron_vconflict", "quant8_"))
)


def taken_apart(raw):
    return {name: (tensor["dtype"], tensor["shape"], bytes(tensor["data"])) for name, tensor in safetensors.deserialize(raw)}


@pytest.mark.parametrize("case", CASES)
def test_every_rank_equals_the_frameworks_own(case):
    description = json.loads((FIXTURES / case / "case.json").read_text())
    query = "".join(f"&{key}={value}" for key, value in description.get("query", {}).items())
    checkpoint, more = IN_PLACE.get(case, (description["checkpoint"], ""))
    excepted = DIFFERENCES.get(case, set())
    with daemon(FIXTURES / case / checkpoint) as url:
        for mp in description["mps"]:
            for rank in range(mp):
                served = taken_apart(get(f"{url}/shard?rank={rank}&mp={mp}{query}{more}")[0])
                wanted = taken_apart((FIXTURES / case / "expected" / f"mp{mp}" / f"rank{rank}.safetensors").read_bytes())
                assert served.keys() == wanted.keys(), (mp, rank)
                assert [name for name in wanted if name not in excepted and served[name] != wanted[name]] == [], (mp, rank)
