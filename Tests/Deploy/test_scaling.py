"""The simulation of a fleet: what can be computed by hand, and the table in docs/scaling.md."""
import pathlib
import subprocess
import sys

import pytest

from daemon import REPOSITORY

SCRIPT = REPOSITORY / "Scripts" / "simulate_fleet.py"
sys.path.insert(0, str(SCRIPT.parent))
import simulate_fleet as fleet  # noqa: E402


def test_the_table_of_the_documentation_is_what_the_script_prints():
    printed = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=True, timeout=60).stdout
    rows = [line for line in printed.splitlines() if line.startswith("|")]
    assert len(rows) > 5
    assert "\n".join(rows) in (REPOSITORY / "docs" / "scaling.md").read_text()


def test_rates_are_fair_and_use_the_links_up():
    rates = fleet.max_min({"a": ["x"], "b": ["x", "y"], "c": ["y"]}, {"x": 10.0, "y": 4.0})
    assert rates == {"b": 2.0, "c": 2.0, "a": 8.0}


def test_a_flow_follows_the_one_that_feeds_it():
    # A fast link behind a slow one: both end at the same moment.
    seconds, carried = fleet.simulate({"in": ["slow"], "out": ["fast"]}, {"slow": 1.0, "fast": 10.0}, {"in": 5.0, "out": 5.0}, {"out": "in"})
    assert seconds == pytest.approx(5)
    assert carried == pytest.approx({"slow": 5, "fast": 5})


@pytest.mark.parametrize("workers, mp", [(1280, 8), (1280, 2), (10_000, 8), (128, 1)])
def test_times_are_those_of_the_narrowest_link(workers, mp):
    one = fleet.Fleet(workers=workers, mp=mp)
    node = one.model_gb * 8 / mp * min(mp, one.per_node) * max(1, one.per_node // mp)
    origin = one.origins * one.origin_gbit
    seconds, terabytes = fleet.report(one, "direct")
    assert seconds == pytest.approx(max(one.racks * one.nodes_per_rack * node / origin, node / one.node_gbit), rel=0.01)
    seconds, terabytes = fleet.report(one, "rack")
    assert terabytes * 1000 == pytest.approx(one.racks * one.model_gb, rel=0.001)
    model = one.model_gb * 8
    assert seconds == pytest.approx(
        max(one.racks * model / origin, one.nodes_per_rack * node / one.rack_cache_gbit, node / one.node_gbit), rel=0.01
    )
