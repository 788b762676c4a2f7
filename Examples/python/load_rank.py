"""The tensors of one rank: load_rank.py URL RANK MP"""
import sys

import requests
import safetensors.torch

url, rank, mp = sys.argv[1:]
answer = requests.get(f"{url}/shard", params={"rank": rank, "mp": mp}, timeout=60)
if not answer.ok:
    sys.exit(answer.json()["message"])
for name, tensor in safetensors.torch.load(answer.content).items():
    print(name, tensor.dtype, tuple(tensor.shape))
