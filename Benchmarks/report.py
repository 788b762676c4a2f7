"""What was measured, as text: one table of ratios, and RESULTS.md with what the machine was and a plot of each thing that grows."""
import dataclasses
import math
import os
import platform
import re
import statistics
import subprocess
from importlib import metadata
from pathlib import Path

from harness import Series, Table
from plot import draw

INTRODUCTION = """# Results

Written by `make bench`. Ratios are of runs by turns (ours, the peer's, ours, …) in one run on one machine, after one of each
that is not counted: the median of the pairs, and in brackets the interval that holds the true median with 95 % (with five pairs all of them,
94 %). Speeds and times are so that more is better; memory and what is bounded says "at most". Absolute figures move with the machine.

| machine | |
| --- | --- |
"""


def cells(row):
    low, high = row.interval
    ours, peer = (figure(statistics.median(values)) for values in (row.ours, row.peer))
    reached = {None: "", True: "yes", False: "**no**"}[row.reached]
    ratio = figure(row.median) + (f" ({figure(low)} to {figure(high)})" if len(row.ratios) > 1 else "")
    return f"{ours} {row.unit}", f"{peer} {row.unit}", ratio, row.wish, reached


def figure(value):
    """Three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 4)}f}"


def table(lines):
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


HEAD = ["work", "here", "peer", "measured ratio", "asked", "reached"]


def summary(parts, asked=False):
    """Every row of every benchmark, in one table; or those of which something was asked."""
    lines = [[*HEAD[:1], "against", *HEAD[1:]], ["---"] * 7]
    for _, items in parts:
        for item in items:
            if isinstance(item, Table):
                lines += [[row.work, item.peer, *cells(row)] for row in item.rows if row.asked is not None or not asked]
    return table(lines)


def series(parts):
    """The figures that have no peer, as text."""
    return "".join(
        "\n" + markdown(dataclasses.replace(item, plots=[]), "", {})
        for _, items in parts for item in items if isinstance(item, Series))


def markdown(item, plots, plot_files):
    if isinstance(item, Table):
        text = f"### {item.title}\n\nAgainst {item.peer}.\n\n" if item.peer else f"### {item.title}\n\n"
        if item.note:
            text += item.note + "\n\n"
        return text + table([HEAD, ["---"] * 6, *([row.work, *cells(row)] for row in item.rows)])
    if isinstance(item, Series):
        text = f"### {item.title}\n\n" + (item.note + "\n\n" if item.note else "")
        text += table([item.columns, ["---"] * len(item.columns)] + [
            ["-" if value is None else f"{value:,}" if isinstance(value, int) else figure(value) for value in point]
            for point in item.points])
        for number, columns in enumerate(item.plots):
            name = f"{item.name}-{number + 1}.svg" if len(item.plots) > 1 else f"{item.name}.svg"
            plot_files[name] = draw(item, columns)
            text += f"\n![{item.title}: {', '.join(columns)}]({plots}/{name})\n"
        return text
    return item


def machine(load):
    """What the figures were measured on, line by line."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) / 2**20
    huge = re.search(r"\[(\w+)\]", Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text()).group(1)
    return [
        ["processor", f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores"],
        ["memory", f"{memory:.0f} GiB, transparent huge pages: {huge}"],
        ["kernel", f"Linux {platform.release()}"],
        ["compiler", first_line("swift", "--version")],
        ["nginx", first_line("nginx", "-v")],
        ["Python", f"{platform.python_version()}, " + ", ".join(
            f"{name} {version(name)}" for name in ("torch", "deepspeed", "safetensors", "requests"))],
        ["load", f"{load[0]:.2f} in the minute before"],
    ]


def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def first_line(*command):
    try:
        answer = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return "not installed"
    return (answer.stdout + answer.stderr).strip().splitlines()[0]


def write(path, parts, titles, load):
    """Writes RESULTS.md and its plots. `load` is the machine's before anything was measured."""
    plots = path.parent / "plots"
    plots.mkdir(exist_ok=True)
    files = {}
    text = INTRODUCTION + table(machine(load)) + "\n## What was asked\n\n" + summary(parts, asked=True)
    for name, items in parts:
        text += f"\n## {titles[name]}\n\n`make bench ONLY={name}`\n"
        for item in items:
            text += "\n" + markdown(item, plots.name, files)
    path.write_text(text)
    for name, drawing in files.items():
        (plots / name).write_text(drawing)
