"""Tensors as they arrive, so that copying one to an accelerator overlaps receiving the next: stream_tensors.py URL RANK MP

The body is a safetensors file: a length of 8 bytes, a header that says where each tensor lies, and the tensors back to back."""
import json
import sys
import urllib.error
import urllib.request

import torch

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32,
    "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool, "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}


def tensors(stream):
    """Yields names and tensors in the order of the body; memory for one tensor at a time is needed."""

    def read(count):
        buffer = bytearray(count)
        view = memoryview(buffer)
        while view:
            received = stream.readinto(view)
            if not received:
                raise EOFError(f"the connection was cut {len(view)} bytes before the end")
            view = view[received:]
        return buffer

    header = json.loads(read(int.from_bytes(read(8), "little")))
    header.pop("__metadata__", None)
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        bytes_ = read(end - begin)
        yield name, torch.frombuffer(bytes_, dtype=dtype).reshape(entry["shape"]) if bytes_ else torch.empty(entry["shape"], dtype=dtype)


def main(url, rank, mp):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        stream = urllib.request.urlopen(f"{url}/shard?rank={rank}&mp={mp}", timeout=60)
    except urllib.error.HTTPError as error:
        sys.exit(json.load(error)["message"])
    with stream:
        for name, tensor in tensors(stream):
            tensor = tensor.to(device, non_blocking=True)
            print(name, tensor.dtype, tuple(tensor.shape))


if __name__ == "__main__":
    main(*sys.argv[1:])
