"""Runs the benchmarks and writes what they measured: one table to standard output, and RESULTS.md whole.

    bench.py --server BINARY --benchmarks FOLDER [--only serve,cold] [--quick] [--results FILE]

`make bench` builds what it needs and calls it; `make bench ONLY=serve,cold` runs some, and prints them without writing RESULTS.md.
"""
import argparse
import contextlib
import importlib
import os
import time
from pathlib import Path

import report
from harness import Bench, Programs, say

BENCHMARKS = ["serve", "cold", "folder", "client", "idle", "growth", "index", "names", "casts"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", type=Path, required=True, help="the built weight-server")
    parser.add_argument("--benchmarks", type=Path, required=True, help="where the programs of this package were built")
    parser.add_argument("--only", default="", help="names of benchmarks, joined by commas: " + ", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="a try: five rounds of everything, small checkpoints")
    parser.add_argument("--results", type=Path, help="the file to write")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or BENCHMARKS
    parts, titles, load = [], {}, os.getloadavg()
    for name in wanted:
        module = importlib.import_module(name)
        titles[name] = module.TITLE
        start = time.time()
        say(f"{name}: {module.TITLE}")
        bench = Bench(Programs(options.server, options.benchmarks), options.quick)
        with contextlib.ExitStack() as stack:
            stack.enter_context(bench.stack)
            parts.append((name, list(module.run(bench))))
        say(f"  {time.time() - start:.0f} s")
        if options.results:
            report.write(options.results, parts, titles, load)
    print(report.summary(parts) + report.series(parts))


if __name__ == "__main__":
    main()
