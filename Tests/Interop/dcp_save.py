"""One of several processes that save a PyTorch DCP checkpoint together: dcp_save.py RANK RANKS FOLDER TENSORS.safetensors."""
import sys

import safetensors.torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Replicate, Shard, distribute_tensor


def main(rank, ranks, folder, path):
    dist.init_process_group("gloo", init_method=f"file://{folder}.meeting", rank=rank, world_size=ranks)
    mesh = init_device_mesh("cpu", (ranks,))
    tensors = {}
    for name, tensor in safetensors.torch.load_file(path).items():
        if tensor.dim() < 2:
            placement = Replicate()
        else:
            placement = Shard(1 if name.endswith(("attention.dense.weight", "dense_4h_to_h.weight")) else 0)
        tensors[name] = distribute_tensor(tensor, mesh, [placement])
    dcp.save({"model": tensors}, checkpoint_id=folder)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
