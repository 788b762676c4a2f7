#!/usr/bin/env python3
"""How long a fleet takes to load a model, by where its bytes pass: the arithmetic of docs/scaling.md as a simulation.

    Scripts/simulate_fleet.py                     the table of docs/scaling.md
    Scripts/simulate_fleet.py --workers 2000 …    another fleet

Workers are groups of mp ranks; all groups want the same mp partitions. Links share their capacity fairly among what passes them
(max-min), slices are fetched by the first cache that is asked and sent on while they arrive. The simulation goes from one change to the
next: a transfer that ends, or a cache that has all of a partition.
"""
import argparse
import dataclasses


@dataclasses.dataclass(frozen=True)
class Fleet:
    workers: int = 10_000
    mp: int = 8
    per_node: int = 8
    nodes_per_rack: int = 16
    model_gb: float = 140.0
    origins: int = 2
    origin_gbit: float = 100.0
    rack_cache_gbit: float = 100.0
    node_gbit: float = 25.0
    parents: int = 8
    # What a daemon sends over loopback on one host, measured: docs/performance.md says on what machine.
    local_gbit: float = 80.0

    @property
    def partition(self):
        """Bytes of a partition, in Gbit."""
        return self.model_gb * 8 / self.mp

    @property
    def nodes(self):
        return -(-self.workers // self.per_node)

    @property
    def racks(self):
        return -(-self.nodes // self.nodes_per_rack)


def max_min(flows, links):
    """Fair rates of flows: each a list of links; links have capacities."""
    rates, left, open_flows = {}, dict(links), {name: set(path) for name, path in flows.items()}
    counts = {}
    for path in open_flows.values():
        for link in path:
            counts[link] = counts.get(link, 0) + 1
    while open_flows:
        tightest = min((link for link in counts if counts[link]), key=lambda link: left[link] / counts[link])
        rate = left[tightest] / counts[tightest]
        for name in [name for name, path in open_flows.items() if tightest in path]:
            rates[name] = rate
            for link in open_flows.pop(name):
                left[link] -= rate
                counts[link] -= 1
    return rates


def simulate(flows, links, sizes, feeds):
    """Seconds until every flow has ended, and what each link has carried.

    A flow that is fed by another cannot be ahead of it: it goes at most as fast, once it has caught up."""
    done = {name: 0.0 for name in flows}
    carried = dict.fromkeys(links, 0.0)
    clock = 0.0
    active = dict(flows)
    while active:
        rates = max_min(active, links)
        for name in sorted(active, key=lambda name: depth(name, feeds)):
            feeder = feeds.get(name)
            if feeder in active and done[name] >= done[feeder] - 1e-9:
                rates[name] = min(rates[name], rates[feeder])
        step = min((sizes[name] - done[name]) / rates[name] for name in active)
        for name in active:
            feeder = feeds.get(name)
            gap = rates[name] - rates.get(feeder, 0.0)
            if feeder in active and gap > 1e-9 and done[feeder] > done[name]:
                step = min(step, (done[feeder] - done[name]) / gap)
        clock += step
        for name in list(active):
            done[name] += rates[name] * step
            for link in active[name]:
                carried[link] += rates[name] * step
            if done[name] >= sizes[name] - 1e-6:
                del active[name]
    return clock, carried


def depth(name, feeds):
    return 0 if name not in feeds else 1 + depth(feeds[name], feeds)


def layout(fleet, kind):
    """Flows, links and what feeds what. Nodes of a rack, and racks, are alike: one stands for all, with its share of what they share."""
    links, flows, feeds, sizes = {}, {}, {}, {}
    share = fleet.origins * fleet.origin_gbit / fleet.racks
    links["origin"] = share
    ranks = range(fleet.mp)
    # How many workers of a node want the same partition.
    local = max(1, fleet.per_node // fleet.mp)
    wanted = ranks if fleet.per_node >= fleet.mp else range(fleet.per_node)
    if kind == "direct":
        links["node"] = fleet.node_gbit
        links["origin"] = share / fleet.nodes_per_rack
        for rank in wanted:
            for copy in range(local):
                flows[rank, copy] = ["origin", "node"]
    elif kind == "tree":
        # A few caches fetch each partition once, and send it to the racks' caches, each of which sends it to its nodes.
        racks = -(-fleet.racks // fleet.parents)
        links["origin"] = fleet.origins * fleet.origin_gbit / fleet.parents
        links["parent"] = fleet.rack_cache_gbit / racks
        links["cache"] = fleet.rack_cache_gbit / fleet.nodes_per_rack
        links["node"] = fleet.node_gbit
        for rank in ranks:
            flows["parent", rank] = ["origin"]
            flows["cache", rank] = ["parent"]
            feeds["cache", rank] = "parent", rank
        for rank in wanted:
            for copy in range(local):
                flows[rank, copy] = ["cache", "node"]
                feeds[rank, copy] = "cache", rank
    elif kind in ("rack", "rack+node"):
        # Each rack's cache fetches each partition once, and sends it to each of its nodes.
        links["cache"] = fleet.rack_cache_gbit / fleet.nodes_per_rack
        links["node"] = fleet.node_gbit
        for rank in ranks:
            flows["cache", rank] = ["origin"]
        for rank in wanted:
            for copy in range(1 if kind == "rack+node" else local):
                flows[rank, copy] = ["cache", "node"]
                feeds[rank, copy] = "cache", rank
            if kind == "rack+node":
                links["local"] = fleet.local_gbit
                for copy in range(local):
                    flows["worker", rank, copy] = ["local"]
                    feeds["worker", rank, copy] = rank, 0
    elif kind == "node":
        # A daemon on each node reads the checkpoint from a disk of its own.
        links["local"] = fleet.local_gbit
        for rank in wanted:
            for copy in range(local):
                flows[rank, copy] = ["local"]
    for name in flows:
        sizes[name] = fleet.partition
    return flows, links, sizes, feeds


def report(fleet, kind):
    flows, links, sizes, feeds = layout(fleet, kind)
    seconds, carried = simulate(flows, links, sizes, feeds)
    scale = {"direct": fleet.racks * fleet.nodes_per_rack, "tree": fleet.parents}.get(kind, fleet.racks)
    origin = carried["origin"] * scale / 8 / 1000 if kind != "node" else 0.0
    return seconds, origin


KINDS = {
    "direct": "every worker asks the daemons",
    "rack": "a cache in each rack",
    "rack+node": "a cache in each rack, and one on each node",
    "tree": "a cache in each rack, behind a few that ask the daemons",
    "node": "a daemon on each node, checkpoint on its disk",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in dataclasses.fields(Fleet):
        parser.add_argument("--" + field.name.replace("_", "-"), type=field.type, default=field.default)
    fleet = Fleet(**vars(parser.parse_args()))
    print(
        f"{fleet.workers} workers, mp {fleet.mp}, {fleet.nodes} nodes in {fleet.racks} racks; {fleet.model_gb:g} GB, "
        f"{fleet.model_gb / fleet.mp:g} GB a partition; {fleet.origins} origins of {fleet.origin_gbit:g} Gbit/s\n"
    )
    print("| path | seconds until the last worker has all | TB that leave the origins | times the model |")
    print("| --- | ---: | ---: | ---: |")
    for kind, words in KINDS.items():
        seconds, origin = report(fleet, kind)
        print(f"| {words} | {seconds:,.0f} | {origin:,.1f} | {origin * 1000 / fleet.model_gb:,.0f} |")


if __name__ == "__main__":
    main()
