"""A rank's tensors of a Hugging Face folder by Python's safetensors: `get_slice`, copied into memory that was touched before.

Reads commands from standard input, `opened|open MP RANK FOLDER`, and answers each with seconds and bytes. `opened` uses the files
that the command before has opened.
"""
import sys
import time
from pathlib import Path

import torch
from safetensors import safe_open

COLUMNS = ("o_proj.weight", "down_proj.weight")


class Rank:
    """The files of a folder, and memory for a rank's part of each tensor."""

    def __init__(self, folder, mp, rank):
        self.mp, self.rank = mp, rank
        self.memory = {}
        self.folder = Path(folder)
        self.open()

    def open(self):
        self.files = [safe_open(path, framework="pt") for path in sorted(self.folder.glob("*.safetensors"))]

    def part(self, file, name):
        view = file.get_slice(name)
        shape = view.get_shape()
        if len(shape) == 1:
            return view[:]
        axis = 1 if name.endswith(COLUMNS) else 0
        own = slice(self.rank * shape[axis] // self.mp, (self.rank + 1) * shape[axis] // self.mp)
        return view[:, own] if axis else view[own]

    def load(self):
        count = 0
        for file in self.files:
            for name in file.keys():
                part = self.part(file, name)
                if name not in self.memory:
                    self.memory[name] = torch.ones(part.shape, dtype=part.dtype)
                self.memory[name].copy_(part)
                count += part.numel() * part.element_size()
        return count


def main():
    rank = None
    for line in sys.stdin:
        how, mp, number, folder = line.split()
        start = time.perf_counter()
        if rank is None:
            rank = Rank(folder, int(mp), int(number))
        elif how == "open":
            rank.open()
        count = rank.load()
        print(time.perf_counter() - start, count, flush=True)


if __name__ == "__main__":
    main()
