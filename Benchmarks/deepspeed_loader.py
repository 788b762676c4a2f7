"""One process of DeepSpeed's own loader: for each line `MP RANK FILE...` it makes that state dict and forgets it.

Answers with seconds, bytes, and MiB that the process has had resident at most. `VmHWM` is reset by each command.
"""
import contextlib
import os
import pathlib
import re
import sys
import time

answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # what the libraries print is not for the one who asks

import torch  # noqa: E402
from deepspeed.runtime.checkpoint_engine.torch_checkpoint_engine import TorchCheckpointEngine  # noqa: E402
from deepspeed.runtime.state_dict_factory import SDLoaderFactory  # noqa: E402


def state_dict(mp, rank, files):
    loader = SDLoaderFactory.get_sd_loader(files, TorchCheckpointEngine(), sd_type="Megatron", version=2.0)
    _, made, _ = loader.load(mp, rank)
    return made["module"]


def count(tensors):
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values() if torch.is_tensor(tensor))


def main():
    print("0", file=answers)
    for line in sys.stdin:
        mp, rank, *files = line.split()
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        start = time.perf_counter()
        made = state_dict(int(mp), int(rank), files)
        seconds = time.perf_counter() - start
        highest = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path("/proc/self/status").read_text()).group(1)) / 1024
        print(seconds, count(made), highest, file=answers)
        del made


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
