"""Partitions that the frameworks themselves made, against what is served, both taken apart by the safetensors library."""
import json

import pytest
import safetensors

from daemon import FIXTURES, daemon, get

CASES = sorted(
    folder.name
    for folder in FIXTURES.iterdir()
    # The manifest of these contradicts its files, and is refused on purpose.
    if not folder.name.startswith("megatron_vconflict")
)


def taken_apart(raw):
    return {name: (tensor["dtype"], tensor["shape"], bytes(tensor["data"])) for name, tensor in safetensors.deserialize(raw)}


@pytest.mark.parametrize("case", CASES)
def test_every_rank_equals_the_frameworks_own(case):
    description = json.loads((FIXTURES / case / "case.json").read_text())
    query = "".join(f"&{key}={value}" for key, value in description.get("query", {}).items())
    with daemon(FIXTURES / case / description["checkpoint"]) as url:
        for mp in description["mps"]:
            for rank in range(mp):
                served = taken_apart(get(f"{url}/shard?rank={rank}&mp={mp}{query}")[0])
                wanted = taken_apart((FIXTURES / case / "expected" / f"mp{mp}" / f"rank{rank}.safetensors").read_bytes())
                assert served.keys() == wanted.keys(), (mp, rank)
                assert [name for name in wanted if served[name] != wanted[name]] == [], (mp, rank)
