"""What quantization costs a rank, tensor by tensor: dequantize.py URL RANK MP int8|int4"""
import sys

import requests
import safetensors.torch
import torch


def load(url, **parameters):
    answer = requests.get(f"{url}/shard", params=parameters, timeout=60)
    if not answer.ok:
        sys.exit(answer.json()["message"])
    return safetensors.torch.load(answer.content)


def dequantized(tensors, name):
    """The values of a quantized tensor: q * scale, or for int4, two values a byte with the first in the low nibble, q * scale + zero."""
    q, scale = tensors[name], tensors[f"{name}.scale"]
    if q.dtype == torch.int8:
        return (q.reshape(len(scale), -1) * scale[:, None]).reshape(q.shape)
    shape = (*q.shape[:-1], 2 * q.shape[-1])
    q = torch.stack([q & 15, q >> 4], -1).reshape(len(scale), -1)
    return (q * scale[:, None] + tensors[f"{name}.zero"][:, None]).reshape(shape)


def main(url, rank, mp, scheme):
    plain = load(url, rank=rank, mp=mp, dtype="float32")
    quantized = load(url, rank=rank, mp=mp, quantize=scheme)
    for name in quantized:
        if f"{name}.scale" in quantized:
            error = (dequantized(quantized, name) - plain[name]).abs().max() / plain[name].abs().max()
            print(f"{name} {scheme} {100 * error:.2f} % of the largest value")


if __name__ == "__main__":
    main(*sys.argv[1:])
