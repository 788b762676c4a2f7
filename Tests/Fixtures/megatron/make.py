#!/usr/bin/env python3
"""Makes small folders as Megatron-LM's training saves them, and NAME.safetensors, the whole model of each. Needs torch and safetensors.

  virtual         2 tensor-parallel ranks, 2 pipeline stages, each with 2 virtual ones: model0 and model1 in each file
  experts         2 pipeline stages, 2 expert-parallel ranks with 2 experts each, one by one (local_experts)
  grouped         2 expert-parallel ranks with 2 experts each, numbered in one module (Transformer Engine's grouped MLP)

Names and layouts are those of NVIDIA/Megatron-LM megatron/core (transformer_layer.py, attention.py, mlp.py, moe/experts.py); which layers
a stage has is computed as transformer_layer.py, get_transformer_layer_offset, does where layers divide evenly.
"""
import os
import shutil
import sys
from argparse import Namespace

import torch
from safetensors.torch import save_file

OUT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
WIDTH, HEADS, INNER, VOCABULARY = 8, 4, 6, 12


def arguments(**others):
    return Namespace(
        num_attention_heads=HEADS, hidden_size=WIDTH, ffn_hidden_size=INNER, swiglu=True, group_query_attention=False,
        num_query_groups=1, padded_vocab_size=VOCABULARY, **others)


def draw(*shape):
    return torch.rand(*shape).to(torch.float16)


def mlp(prefix):
    return {f"{prefix}linear_fc1.weight": draw(2 * INNER, WIDTH), f"{prefix}linear_fc2.weight": draw(WIDTH, INNER)}


def whole(layers, experts=0, grouped=False):
    """The model by the names of the whole."""
    tensors = {"embedding.word_embeddings.weight": draw(VOCABULARY, WIDTH)}
    for index in range(layers):
        layer = f"decoder.layers.{index}."
        tensors[f"{layer}self_attention.linear_qkv.layer_norm_weight"] = draw(WIDTH)
        tensors[f"{layer}self_attention.linear_qkv.weight"] = draw(3 * WIDTH, WIDTH)
        tensors[f"{layer}self_attention.linear_proj.weight"] = draw(WIDTH, WIDTH)
        if not experts:
            tensors.update(mlp(f"{layer}mlp."))
            continue
        tensors[f"{layer}mlp.router.weight"] = draw(experts, WIDTH)
        for expert in range(experts):
            if grouped:
                tensors[f"{layer}mlp.experts.linear_fc1.weight{expert}"] = draw(2 * INNER, WIDTH)
                tensors[f"{layer}mlp.experts.linear_fc2.weight{expert}"] = draw(WIDTH, INNER)
            else:
                tensors.update(mlp(f"{layer}mlp.experts.local_experts.{expert}."))
    tensors["decoder.final_layernorm.weight"] = draw(WIDTH)
    tensors["output_layer.weight"] = draw(VOCABULARY, WIDTH)
    return tensors


def shard(name, tensor, rank, size):
    """What a tensor-parallel rank has of a tensor."""
    if "linear_fc1" in name:
        gate, up = tensor.chunk(2)
        return torch.cat([gate.chunk(size)[rank], up.chunk(size)[rank]])
    if "linear_proj" in name or "linear_fc2" in name:
        return tensor.chunk(size, dim=1)[rank]
    if "linear_qkv.weight" in name or "embedding" in name or "output_layer" in name:
        return tensor.chunk(size)[rank]
    return tensor


def layer_offset(layers, stages, stage, virtual_stages, virtual):
    """As get_transformer_layer_offset."""
    if virtual_stages == 1:
        return stage * (layers // stages)
    per_chunk = layers // stages // virtual_stages
    return virtual * (layers // virtual_stages) + stage * per_chunk


def chunk(model, layers, stages, stage, virtual_stages=1, virtual=0):
    """A stage's part, its layers numbered from 0."""
    count = layers // stages // virtual_stages
    offset = layer_offset(layers, stages, stage, virtual_stages, virtual)
    first = stage == 0 and virtual == 0
    last = stage == stages - 1 and virtual == virtual_stages - 1
    part = {}
    for name, tensor in model.items():
        if name.startswith("decoder.layers."):
            index, rest = name[len("decoder.layers."):].split(".", 1)
            if offset <= int(index) < offset + count:
                part[f"decoder.layers.{int(index) - offset}.{rest}"] = tensor
        elif first if name.startswith("embedding") else last:
            part[name] = tensor
    return part


def local_experts(part, rank, count):
    """The experts of an expert-parallel rank, numbered from 0, and what is no expert's."""
    result = {}
    for name, tensor in part.items():
        for marker, behind in (("local_experts.", "."), ("experts.linear_fc1.weight", ""), ("experts.linear_fc2.weight", "")):
            if marker in name:
                head, tail = name.split(marker)
                number = tail.split(".")[0]
                local = int(number) - rank * count
                if 0 <= local < count:
                    result[f"{head}{marker}{local}{tail[len(number):]}"] = tensor
                break
        else:
            result[name] = tensor
    return result


def save(name, folder, state):
    path = f"{OUT}/{name}/iter_0000020/{folder}"
    os.makedirs(path, exist_ok=True)
    copied = {
        key: {inner: tensor.clone() for inner, tensor in value.items()} if isinstance(value, dict) else value
        for key, value in state.items()}
    torch.save({"checkpoint_version": 3.0, "iteration": 20, **copied}, f"{path}/model_optim_rng.pt")


def finish(name, model):
    with open(f"{OUT}/{name}/latest_checkpointed_iteration.txt", "w") as file:
        file.write("20")
    save_file(model, f"{OUT}/{name}.safetensors")


def virtual():
    model = whole(8)
    for tensor in range(2):
        for stage in range(2):
            chunks = {}
            for index in range(2):
                part = chunk(model, 8, 2, stage, 2, index)
                chunks[f"model{index}"] = {name: shard(name, value, tensor, 2) for name, value in part.items()}
            args = arguments(num_layers=8, tensor_model_parallel_size=2, pipeline_model_parallel_size=2)
            save("virtual", f"mp_rank_{tensor:02d}_{stage:03d}", {"args": args, **chunks})
    finish("virtual", model)


def experts():
    model = whole(2, experts=4)
    for stage in range(2):
        for rank in range(2):
            part = local_experts(chunk(model, 2, 2, stage), rank, 2)
            args = arguments(num_layers=2, num_experts=4, pipeline_model_parallel_size=2, expert_model_parallel_size=2)
            save("experts", f"mp_rank_00_{stage:03d}_{rank:03d}", {"args": args, "model": part})
    finish("experts", model)


def grouped():
    model = whole(1, experts=4, grouped=True)
    for rank in range(2):
        part = local_experts(model, rank, 2)
        args = arguments(num_layers=1, num_experts=4, pipeline_model_parallel_size=1, expert_model_parallel_size=2)
        save("grouped", f"mp_rank_00_{rank:03d}", {"args": args, "model": part})
    finish("grouped", model)


def main():
    torch.manual_seed(5)
    for name, make in (("virtual", virtual), ("experts", experts), ("grouped", grouped)):
        shutil.rmtree(f"{OUT}/{name}", ignore_errors=True)
        make()


if __name__ == "__main__":
    main()
