"""A tensor-parallel forward pass of a GPT-2, each of whose processes fetches its own rank: tensor_parallel.py URL MP [MODEL]

The processes speak over gloo. The logits are held against those of the whole model, which is rank 0 of 1: the same program."""
import io
import json
import math
import os
import sys
import tempfile

import requests
import safetensors.torch
import torch
import torch.distributed as dist
import torch.multiprocessing
from torch.nn import functional

TOKENS = torch.tensor([[3, 14, 15, 92, 65, 35, 89, 79], [32, 38, 46, 26, 43, 38, 32, 7]])


def fetch(url, rank, mp, model):
    """A rank's tensors by Hugging Face's names, and what the file says of the model."""
    parameters = {"rank": rank, "mp": mp, "names": "hf", "dtype": "float32", **({"model": model} if model else {})}
    answer = requests.get(f"{url}/shard", params=parameters, timeout=60)
    if not answer.ok:
        sys.exit(answer.json()["message"])
    stream = io.BytesIO(answer.content)
    header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return safetensors.torch.load(answer.content), header["__metadata__"]


class ParallelGPT2:
    """What one rank computes; `reduce` adds up and `gather` joins what all ranks have."""

    def __init__(self, tensors, metadata, rank, mp):
        self.tensors, self.rank, self.mp = tensors, rank, mp
        self.heads = int(metadata["num_attention_heads"]) // mp
        self.layers = 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("transformer.h."))

    def reduce(self, tensor):
        if self.mp > 1:
            dist.all_reduce(tensor)
        return tensor

    def gather(self, tensor):
        if self.mp == 1:
            return tensor
        parts = [torch.empty_like(tensor) for _ in range(self.mp)]
        dist.all_gather(parts, tensor.contiguous())
        return torch.cat(parts, -1)

    def norm(self, x, name):
        return functional.layer_norm(x, x.shape[-1:], self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"])

    def embed(self, tokens):
        """Every rank has some rows of the vocabulary."""
        table = self.tensors["transformer.wte.weight"]
        local = tokens - self.rank * len(table)
        is_here = (local >= 0) & (local < len(table))
        rows = table[local.clamp(0, len(table) - 1)] * is_here[..., None]
        return self.reduce(rows) + self.tensors["transformer.wpe.weight"][: tokens.shape[1]]

    def columns(self, x, name):
        """A layer whose outputs are dealt: each rank makes its own."""
        return x @ self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def rows(self, x, name):
        """A layer whose inputs are dealt: the ranks' sums are added, then the bias once."""
        return self.reduce(x @ self.tensors[f"{name}.weight"]) + self.tensors[f"{name}.bias"]

    def attend(self, x, name):
        def split(part):
            return part.reshape(*part.shape[:2], self.heads, -1).transpose(1, 2)

        q, k, v = (split(part) for part in self.columns(x, f"{name}.c_attn").chunk(3, -1))
        scores = q @ k.mT / math.sqrt(q.shape[-1])
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(future, -torch.inf).softmax(-1) @ v
        return self.rows(mixed.transpose(1, 2).reshape(*x.shape[:2], -1), f"{name}.c_proj")

    def __call__(self, tokens):
        x = self.embed(tokens)
        for layer in range(self.layers):
            name = f"transformer.h.{layer}"
            x = x + self.attend(self.norm(x, f"{name}.ln_1"), f"{name}.attn")
            inner = functional.gelu(self.columns(self.norm(x, f"{name}.ln_2"), f"{name}.mlp.c_fc"), approximate="tanh")
            x = x + self.rows(inner, f"{name}.mlp.c_proj")
        # The head is the embeddings' table, of which each rank has some words.
        return self.gather(self.norm(x, "transformer.ln_f") @ self.tensors["transformer.wte.weight"].T)


def work(rank, url, mp, model, meeting):
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=mp)
    logits = ParallelGPT2(*fetch(url, rank, mp, model), rank, mp)(TOKENS)
    if rank == 0:
        whole = ParallelGPT2(*fetch(url, 0, 1, model), 0, 1)(TOKENS)
        difference = (logits - whole).abs().max().item() / whole.abs().max().item()
        print(f"{mp} ranks: logits of shape {tuple(logits.shape)} differ from the whole model's by {difference:.1e} of the largest")
        if difference > 1e-5:
            raise SystemExit("they are not the same model")
    dist.destroy_process_group()


def main(url, mp, model=None):
    with tempfile.TemporaryDirectory() as folder:
        arguments = (url, int(mp), model, os.path.join(folder, "meeting"))
        torch.multiprocessing.spawn(work, arguments, nprocs=int(mp))


if __name__ == "__main__":
    main(*sys.argv[1:])
