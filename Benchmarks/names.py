"""`names=hf` as it is served: de-interleaved and transposed tensors beside what is only gathered and what is verbatim, all of one
Megatron checkpoint over loopback, by turns.

    names.py WEIGHT_SERVER_BINARY [--layers LAYERS] [--rounds ROUNDS]

Prints GB/s, and the ratio to the plain gather of the same run.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

import torch

from serve import receive

HIDDEN, HEADS, RANKS = 2048, 16, 2


def make_checkpoint(folder, layers):
    """A GPT-2 that Megatron saved over two ranks, version 2.0."""
    arguments = argparse.Namespace(
        num_attention_heads=HEADS, hidden_size=HIDDEN, num_layers=layers, max_position_embeddings=64,
        padded_vocab_size=1024, ffn_hidden_size=4 * HIDDEN, position_embedding_type="learned_absolute")
    for rank in range(RANKS):
        module = {"word_embeddings.weight": torch.randn(1024 // RANKS, HIDDEN).half(),
                  "position_embeddings.weight": torch.randn(64, HIDDEN).half()}
        for layer in range(layers):
            prefix = f"transformer.layers.{layer}."
            for name, shape in {
                "input_layernorm.weight": [HIDDEN], "input_layernorm.bias": [HIDDEN],
                "attention.query_key_value.weight": [3 * HIDDEN // RANKS, HIDDEN],
                "attention.query_key_value.bias": [3 * HIDDEN // RANKS],
                "attention.dense.weight": [HIDDEN, HIDDEN // RANKS], "attention.dense.bias": [HIDDEN],
                "post_attention_layernorm.weight": [HIDDEN], "post_attention_layernorm.bias": [HIDDEN],
                "mlp.dense_h_to_4h.weight": [4 * HIDDEN // RANKS, HIDDEN],
                "mlp.dense_h_to_4h.bias": [4 * HIDDEN // RANKS],
                "mlp.dense_4h_to_h.weight": [HIDDEN, 4 * HIDDEN // RANKS], "mlp.dense_4h_to_h.bias": [HIDDEN],
            }.items():
                module[prefix + name] = torch.randn(shape).half()
        for name in ("weight", "bias"):
            module[f"transformer.final_layernorm.{name}"] = torch.randn(HIDDEN).half()
        torch.save({"module": module, "args": arguments, "checkpoint_version": 2.0},
                   folder / f"mp_rank_{rank:02d}_model_states.pt")
    (folder / "manifest.json").write_text(json.dumps({
        "type": "Megatron", "version": 2.0, "mp_size": RANKS,
        "checkpoints": [f"mp_rank_{rank:02d}_model_states.pt" for rank in range(RANKS)]}))


ROWS = [
    ("verbatim: dense_h_to_4h of mp 4", {"tensors": "*mlp.dense_h_to_4h.weight"}),
    ("plain gather: dense and dense_4h_to_h of mp 4", {"tensors": "*dense.weight,*dense_4h_to_h.weight"}),
    ("names=hf, transposed: c_fc of mp 4", {"tensors": "*mlp.c_fc.weight", "names": "hf"}),
    ("names=hf, de-interleaved and transposed: c_attn of mp 4", {"tensors": "*attn.c_attn.weight", "names": "hf"}),
    ("names=hf, the whole rank of mp 4", {"names": "hf"}),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp())
    daemon = None
    try:
        make_checkpoint(work, options.layers)
        environment = dict(os.environ, WEIGHT_SERVER_CACHE_MODE="never", WEIGHT_SERVER_LOGGING_LEVEL="warning")
        daemon = subprocess.Popen(
            [options.binary, "serve", "--listen", "127.0.0.1:0", work / "manifest.json"], stdout=subprocess.PIPE,
            text=True, env=environment)
        port = int(daemon.stdout.readline().rsplit(":", 1)[1])
        time.sleep(1)
        buffer = bytearray(1 << 20)
        rates = {name: [] for name, _ in ROWS}
        for round_number in range(options.rounds + 1):
            for name, query in ROWS:
                path = "/shard?" + urllib.parse.urlencode({"rank": 1, "mp": 4, **query})
                start = time.perf_counter()
                count = receive(port, path, buffer)
                if round_number:  # the first warms up
                    rates[name].append(count / (time.perf_counter() - start) / 1e9)
        plain = statistics.median(rates[ROWS[1][0]])
        print("| work, one connection | GB/s | beside the plain gather |")
        print("| --- | --- | --- |")
        for name, _ in ROWS:
            rate = statistics.median(rates[name])
            print(f"| {name} | {rate:.2f} | {rate / plain:.2f} |")
    finally:
        if daemon:
            daemon.terminate()
            daemon.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
