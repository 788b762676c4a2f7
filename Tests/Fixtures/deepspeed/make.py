#!/usr/bin/env python3
"""Makes the checkpoints of this folder with DeepSpeed itself, and what DeepSpeed's own tools make of them.

Needs torch and deepspeed 0.19.8 (installed with DS_BUILD_OPS=0), no accelerator: make.py [OUT], the folder of this script by default.
Each case is a folder of the checkpoint and NAME.safetensors, the tensors that are expected of it, whole:
  zero1, pipeline, moe      the model's own state dict
  zero3, zero3_three        what zero_to_fp32.py consolidates
  pipeline_megatron         a model by Megatron's names that two tensor-parallel ranks were cut from
  universal_zero3           some of what zero_to_fp32.py makes of zero3_three
  parallel, universal       the tensors that ds_to_universal.py merges from two tensor-parallel ranks
Files of the optimizer that nothing reads are removed, to keep the folder small.
"""
import os
import shutil
import sys
from types import SimpleNamespace

os.environ.update(DS_ACCELERATOR="cpu", DS_BUILD_OPS="0", LOCAL_RANK="0", MASTER_ADDR="127.0.0.1", OMP_NUM_THREADS="1")

import torch
import torch.multiprocessing as processes
from torch import nn

OUT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)))
PORT = 29650


def config(stage, dtype="bf16", **zero):
    settings = {
        "train_micro_batch_size_per_gpu": 1,
        "optimizer": {"type": "Adam", "params": {"lr": 1e-3, "torch_adam": True}},
        "zero_optimization": {"stage": stage, **zero},
        "zero_allow_untested_optimizer": True,
    }
    if dtype:
        settings[dtype] = {"enabled": True}
    return settings


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            setattr(self, name, nn.Linear(width, width, bias=False))

    def forward(self, x):
        return self.o_proj(self.q_proj(x) + self.k_proj(x) * self.v_proj(x))


class MLP(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        return self.down_proj(self.gate_proj(x) * self.up_proj(x))


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(width))

    def forward(self, x):
        return x * self.weight


class Layer(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.self_attn = Attention(width)
        self.mlp = MLP(width, inner)
        self.input_layernorm = Norm(width)
        self.post_attention_layernorm = Norm(width)

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class Model(nn.Module):
    def __init__(self, width, inner, vocabulary):
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList([Layer(width, inner) for _ in range(2)])
        self.norm = Norm(width)


class Causal(nn.Module):
    """LLaMA's names, with any numbers: 5 by 7 matrices end in the middle of a row wherever they are cut."""

    def __init__(self, width, inner, vocabulary, tied=False, frozen=False):
        super().__init__()
        self.model = Model(width, inner, vocabulary)
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        if tied:
            self.lm_head.weight = self.model.embed_tokens.weight
        if frozen:
            self.model.layers[0].mlp.up_proj.weight.requires_grad_(False)
            self.model.norm.weight.requires_grad_(False)
            self.model.register_buffer("rotary.inv_freq".replace(".", "_"), torch.arange(3, dtype=torch.float32))

    def forward(self, ids):
        x = self.model.embed_tokens(ids)
        for layer in self.model.layers:
            x = layer(x)
        return self.lm_head(self.model.norm(x)).float().square().mean()


def start(rank, world, offset):
    import deepspeed
    # The shared-memory collectives would be compiled first; gloo's own do.
    sys.modules["deepspeed.comm.torch"].build_shm_op = lambda: None
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(world), LOCAL_RANK=str(rank), MASTER_PORT=str(PORT + offset))
    deepspeed.init_distributed("gloo")
    torch.manual_seed(7)
    return deepspeed


def step(engine, vocabulary):
    loss = engine(torch.arange(4).remainder(vocabulary).unsqueeze(0))
    engine.backward(loss)
    engine.step()


def zero(rank, world, stage, name, numbers, tied, offset, zero_settings):
    deepspeed = start(rank, world, offset)
    settings = config(stage, **zero_settings)
    if stage == 3:
        with deepspeed.zero.Init(config_dict_or_path=settings):
            model = Causal(*numbers, tied=tied, frozen=True)
    else:
        model = Causal(*numbers, tied=tied)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    engine = deepspeed.initialize(model=model, config=settings, model_parameters=parameters)[0]
    step(engine, numbers[2])
    engine.save_checkpoint(f"{OUT}/{name}", tag="global_step1")


class Grid:
    """Two tensor-parallel ranks and nothing else."""

    def __init__(self, rank, world):
        import torch.distributed as dist
        self.rank, self.world = rank, world
        self.model = dist.new_group(list(range(world)))
        self.data = [dist.new_group([index]) for index in range(world)][rank]

    def get_model_parallel_rank(self): return self.rank
    def get_model_parallel_world_size(self): return self.world
    def get_model_parallel_group(self): return self.model
    def get_tensor_model_parallel_rank(self): return self.rank
    def get_tensor_model_parallel_world_size(self): return self.world
    def get_data_parallel_rank(self): return 0
    def get_data_parallel_world_size(self): return 1
    def get_data_parallel_group(self): return self.data


class Shard(nn.Module):
    """One tensor-parallel rank of a model with names that no family of ours has: only the checkpoint's own hints tell its rules."""

    def __init__(self, rank):
        super().__init__()
        draw = lambda *shape: nn.Parameter(torch.rand(*shape))
        torch.manual_seed(11)
        shared = draw(6)
        torch.manual_seed(13 + rank)
        self.tokens = nn.Module()
        self.tokens.table = draw(8, 6)
        self.block = nn.ModuleList([nn.Module() for _ in range(2)])
        for block in self.block:
            block.spread = nn.Linear(6, 5)
            block.gather = nn.Linear(5, 6, bias=False)
            block.gated = nn.Linear(6, 8, bias=False)
            block.scale = nn.Parameter(shared.clone())

    def forward(self, ids):
        x = self.tokens.table[ids]
        for block in self.block:
            # What the ranks share gets a gradient of zeros on both, so that the optimizer's state is equal too.
            x = block.gather(block.spread(x * (block.scale.detach() + 0 * block.scale))) + block.gated(x).sum()
        return x.float().square().mean()


HINTS = {
    "universal_checkpoint_version": 0.2,
    "original_vocab_size": 13,
    "padded_vocab_size": 16,
    "vocabulary_parameter_patterns": [r"tokens\.table"],
    "tp_replicated_parameter_patterns": [r"block\.\d+\.scale"],
    "parameter_with_row_parallelism_patterns": [r"block\.\d+\.gather\.weight"],
    "parameter_with_2_sub_params_cat_dim_0": [r"block\.\d+\.gated\.weight"],
}


def parallel(rank, world, offset):
    deepspeed = start(rank, world, offset)
    torch.manual_seed(7)
    model = Shard(rank)
    settings = config(1)
    # A step makes the optimizer's state, which the conversion wants; at a rate of 0 it changes no parameter.
    settings["optimizer"]["params"]["lr"] = 0.0
    engine = deepspeed.initialize(
        model=model, config=settings, model_parameters=model.parameters(), mpu=Grid(rank, world))[0]
    step(engine, 8)
    state = {"universal_checkpoint_info": HINTS, "iteration": 1}
    engine.save_checkpoint(f"{OUT}/parallel", tag="global_step1", client_state=state)


class Embed(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(8, 6)

    def forward(self, ids):
        return self.table(ids.long())


def pipeline(rank, world, offset):
    deepspeed = start(rank, world, offset)
    from deepspeed.pipe import LayerSpec, PipelineModule
    layers = [LayerSpec(Embed), lambda x: x * 1, LayerSpec(Layer, 6, 5), LayerSpec(Layer, 6, 5), LayerSpec(Norm, 6)]
    model = PipelineModule(layers, num_stages=2, loss_fn=lambda x, y: x.float().square().mean())
    settings = {**config(0), "train_batch_size": 1, "zero_optimization": {"stage": 0}}
    engine = deepspeed.initialize(model=model, config=settings, model_parameters=model.parameters())[0]
    torch.save(
        {name: value.clone() for name, value in engine.module.state_dict().items()}, f"{OUT}/pipeline.{rank}")
    engine.save_checkpoint(f"{OUT}/pipeline", tag="global_step1")


class MegatronEmbedding(nn.Module):
    def __init__(self, state):
        super().__init__()
        self.word_embeddings = nn.Embedding(*state["word_embeddings.weight"].shape)

    def forward(self, ids):
        return self.word_embeddings(ids.long())


class MegatronLayer(nn.Module):
    def __init__(self, state):
        super().__init__()
        self.input_layernorm = nn.LayerNorm(8)
        self.self_attention = nn.Module()
        self.self_attention.query_key_value = nn.Linear(8, 12)
        self.self_attention.dense = nn.Linear(4, 8)

    def forward(self, x):
        return x + self.self_attention.dense(self.self_attention.query_key_value(self.input_layernorm(x))[..., :4])


def megatron_whole():
    """A model by Megatron's names, whole."""
    torch.manual_seed(17)
    draw = lambda *shape: torch.rand(*shape).bfloat16()
    tensors = {"word_embeddings.weight": draw(10, 8)}
    for index in range(2):
        layer = f"layers.{index}."
        for name in ("weight", "bias"):
            tensors[f"{layer}input_layernorm.{name}"] = draw(8)
        tensors[f"{layer}self_attention.query_key_value.weight"] = draw(24, 8)
        tensors[f"{layer}self_attention.query_key_value.bias"] = draw(24)
        tensors[f"{layer}self_attention.dense.weight"] = draw(8, 8)
        tensors[f"{layer}self_attention.dense.bias"] = draw(8)
    for name in ("weight", "bias"):
        tensors[f"final_layernorm.{name}"] = draw(8)
    return tensors


def megatron_shard(name, tensor, rank):
    """What one of two tensor-parallel ranks has: heads of version 2.0 are rows in a row."""
    if "dense.weight" in name:
        return tensor.chunk(2, dim=1)[rank]
    return tensor.chunk(2)[rank] if "query_key_value" in name or "word_embeddings" in name else tensor


def pipeline_megatron(rank, world, offset):
    deepspeed = start(rank, world, offset)
    from argparse import Namespace
    from deepspeed.pipe import LayerSpec, PipelineModule, TiedLayerSpec
    from deepspeed.runtime.pipe.topology import PipeModelDataParallelTopology
    state = {name: megatron_shard(name, tensor, rank) for name, tensor in megatron_whole().items()}
    head = lambda module, x: nn.functional.linear(x, module.word_embeddings.weight)
    layers = [
        TiedLayerSpec("embed", MegatronEmbedding, state), LayerSpec(MegatronLayer, state), LayerSpec(MegatronLayer, state),
        lambda x: x * 1, LayerSpec(nn.LayerNorm, 8), TiedLayerSpec("embed", MegatronEmbedding, state, forward_fn=head)]
    topology = PipeModelDataParallelTopology(num_pp=1, num_mp=2, num_dp=1)
    model = PipelineModule(layers, topology=topology, loss_fn=lambda x, y: x.float().square().mean())
    own = {"tied_modules.embed.word_embeddings.weight": state["word_embeddings.weight"]}
    for name, tensor in state.items():
        if name.startswith("layers."):
            index, rest = name[len("layers."):].split(".", 1)
            own[f"{int(index) + 1}.{rest}"] = tensor
        elif name.startswith("final"):
            own[f"4.{name.split('.')[1]}"] = tensor
    model.load_state_dict(own)
    settings = {**config(0), "train_batch_size": 1}
    engine = deepspeed.initialize(model=model, config=settings, model_parameters=model.parameters())[0]
    state = {"checkpoint_version": 2.0, "args": Namespace(num_attention_heads=4, hidden_size=8, num_layers=2)}
    engine.save_checkpoint(f"{OUT}/pipeline_megatron", tag="global_step1", client_state=state)


class Expert(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense_h_to_4h = nn.Linear(6, 4)
        self.dense_4h_to_h = nn.Linear(4, 6)

    def forward(self, x):
        return self.dense_4h_to_h(self.dense_h_to_4h(x))


class Mixture(nn.Module):
    def __init__(self):
        super().__init__()
        from deepspeed.moe.layer import MoE
        self.word_embeddings = nn.Embedding(8, 6)
        self.layers = nn.ModuleList([nn.Module() for _ in range(2)])
        for layer in self.layers:
            layer.mlp = MoE(hidden_size=6, expert=Expert(), num_experts=4, ep_size=2, k=1)

    def forward(self, ids):
        x = self.word_embeddings(ids)
        for layer in self.layers:
            x = layer.mlp(x)[0]
        return x.float().square().mean()


def moe(rank, world, offset):
    deepspeed = start(rank, world, offset)
    model = Mixture()
    settings = config(0)
    settings.pop("zero_optimization")
    engine = deepspeed.initialize(model=model, config=settings, model_parameters=model.parameters())[0]
    marker = ".deepspeed_experts."
    state = {}
    for name, value in engine.module.state_dict().items():
        if marker in name:
            head, tail = name.split(marker)
            number, rest = tail.split(".", 1)
            name = f"{head}{marker}{int(number) + 2 * rank}.{rest}"
        state[name] = value.clone()
    torch.save(state, f"{OUT}/moe.{rank}")
    engine.save_checkpoint(f"{OUT}/moe", tag="global_step1")


def write(name, tensors):
    from safetensors.torch import save_file
    save_file({key: value.detach().contiguous().clone() for key, value in tensors.items()}, f"{OUT}/{name}.safetensors")


def run(function, world, *arguments):
    processes.spawn(function, args=(world, *arguments), nprocs=world, join=True)


def own(name, world):
    """The state dicts that the ranks left, together."""
    state = {}
    for rank in range(world):
        state.update(torch.load(f"{OUT}/{name}.{rank}"))
        os.remove(f"{OUT}/{name}.{rank}")
    write(name, state)


def consolidated(name):
    from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint
    write(name, get_fp32_state_dict_from_zero_checkpoint(f"{OUT}/{name}"))


def merged(folder):
    """The parameters of a universal checkpoint."""
    tensors = {}
    for parameter in sorted(os.listdir(f"{folder}/zero")):
        path = f"{folder}/zero/{parameter}/fp32.pt"
        if os.path.exists(path):
            tensors[parameter] = torch.load(path, weights_only=False)["param"]
    return tensors


def convert(name, source):
    """Makes a universal checkpoint of a run."""
    from deepspeed.checkpoint import ds_to_universal
    arguments = SimpleNamespace(
        input_folder=f"{OUT}/{source}/global_step1", output_folder=f"{OUT}/{name}/global_step1_universal",
        num_extract_workers=1, num_merge_workers=1, keep_temp_folder=False, strict=True, inject_missing_state=False)
    ds_to_universal.main(arguments)
    return arguments.output_folder


def universal():
    whole = merged(convert("universal", "parallel"))
    write("universal", whole)
    write("parallel", {name: tensor.bfloat16() for name, tensor in whole.items()})


def universal_zero3():
    """Of ZeRO-3, whose merged parameters are vectors; three of them are enough. Frozen ones stay beside the module."""
    from safetensors.torch import load_file
    folder = f"{convert('universal_zero3', 'zero3_three')}/zero"
    kept = {
        "model.embed_tokens.weight", "model.layers.1.mlp.down_proj.weight", "model.layers.0.input_layernorm.weight"}
    for name in os.listdir(folder):
        if name not in kept:
            path = f"{folder}/{name}"
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    whole = load_file(f"{OUT}/zero3_three.safetensors")
    frozen = {"model.norm.weight", "model.layers.0.mlp.up_proj.weight"}
    write("universal_zero3", {name: whole[name] for name in kept | frozen})


def without_moments(path):
    """The optimizer's file without Adam's moments, which are two thirds of it."""
    state = torch.load(path, weights_only=False)
    optimizer = state["optimizer_state_dict"]
    optimizer.pop("optimizer_state_dict", None)
    torch.save(state, path)


def without_optimizer(path):
    """A run's file without the optimizer's state that it holds where ZeRO has no files for it."""
    state = torch.load(path, weights_only=False)
    state["optimizer"] = None
    torch.save(state, path)


def tidy():
    for folder, _, names in os.walk(OUT):
        for name in names:
            path = os.path.join(folder, name)
            case = os.path.relpath(path, OUT).split(os.sep)[0]
            if name.startswith("zero_to_") or name in ("exp_avg.pt", "exp_avg_sq.pt", "step.pt"):
                os.remove(path)
            elif case == "moe" and name.startswith("mp_rank"):
                without_optimizer(path)
            elif name.endswith("_optim_states.pt"):
                if case.startswith("zero3"):
                    without_moments(path)
                else:
                    os.remove(path)


def main():
    for name in ("zero1", "zero3", "zero3_three", "parallel", "universal", "pipeline", "pipeline_megatron", "moe",
                 "universal_zero3"):
        shutil.rmtree(f"{OUT}/{name}", ignore_errors=True)
    small = {"sub_group_size": 40, "stage3_param_persistence_threshold": 0}
    run(zero, 2, 1, "zero1", (8, 6, 10), False, 0, {})
    run(zero, 2, 3, "zero3", (5, 7, 11), True, 1, {})
    run(zero, 3, 3, "zero3_three", (5, 7, 11), False, 2, small)
    run(parallel, 2, 3)
    run(pipeline, 2, 4)
    run(moe, 2, 5)
    run(pipeline_megatron, 2, 6)
    write("zero1", torch.load(f"{OUT}/zero1/global_step1/mp_rank_00_model_states.pt", weights_only=False)["module"])
    consolidated("zero3")
    consolidated("zero3_three")
    own("pipeline", 2)
    own("moe", 2)
    write("pipeline_megatron", megatron_whole())
    universal()
    universal_zero3()
    tidy()


if __name__ == "__main__":
    main()
