"""Time and memory of the daemon as ranks, connections, sizes and tensors grow."""
import time

from checkpoints import write_llama, write_safetensors
from harness import Series, get_json, memory, timed
from idle import allow_many_files, anonymous, idle_connections

TITLE = "Growth"


def ranks(bench):
    checkpoint = write_llama(bench.folder() / "llama", bench.mib(1024))
    points = []
    for mp in (1, 2, 4, 8, 16, 32, 64):
        daemon, receiver = bench.daemon(checkpoint), bench.receiver()
        paths = [f"/shard?rank={rank}&mp={mp}" for rank in range(mp)]
        receiver.take(daemon.port, paths)
        taken = [receiver.take(daemon.port, paths) for _ in range(3)]
        points.append((mp, sorted(answer[0] for answer in taken)[1], *memory(daemon.pid)))
        daemon.stop()
    return Series(
        "Ranks: all of a 1 GiB checkpoint at once, a connection each",
        ["ranks", "seconds to the last byte", "MiB anonymous", "MiB resident at most"], points,
        [["seconds to the last byte"], ["MiB anonymous", "MiB resident at most"]], "ranks")


def connections(bench):
    allow_many_files()
    checkpoint = write_llama(bench.folder() / "llama", layers=1, random=False)
    points = []
    for count in (1, 10, 100, 1000, 2000, 5000):
        daemon = bench.daemon(checkpoint)
        start = time.perf_counter()
        with idle_connections(daemon.port, count):
            opened = time.perf_counter() - start
            times = sorted(timed(lambda: get_json(daemon.port, "/healthz")) for _ in range(51))
            points.append((count, opened, times[25] * 1000, anonymous(daemon) / 1024))
        daemon.stop()
    return Series(
        "Connections: idle ones, each answered once",
        ["idle connections", "seconds to open and be answered", "ms of one more request, median", "MiB anonymous"], points,
        [["ms of one more request, median"], ["MiB anonymous"]], "connections")


def sizes(bench):
    points = []
    for gib in (1, 2, 4, 8, 16):
        folder = bench.folder()
        checkpoint = write_llama(folder / "llama", gib * 1024, hidden=4096, inner=16384, files=gib, random=False)
        start = time.perf_counter()
        daemon, receiver = bench.daemon(checkpoint), bench.receiver()
        ready = time.perf_counter() - start
        seconds, count, first = receiver.take(daemon.port, ["/shard?rank=1&mp=16"])
        points.append((gib, ready, first * 1000, seconds, count / 2**30, *memory(daemon.pid)))
        daemon.stop()
    return Series(
        "Size: a sparse checkpoint, and rank 1 of mp 16 of it",
        ["GiB of checkpoint", "seconds from start to ready", "ms to the first byte", "seconds to the last byte", "GiB sent",
         "MiB anonymous", "MiB resident at most"], points,
        [["seconds from start to ready", "seconds to the last byte"], ["MiB anonymous", "MiB resident at most"]], "size",
        "The holes of a sparse file cost the kernel a cleared page each when they are read for the first time.")


def tensors(bench):
    points = []
    for count in (1_000, 3_000, 10_000, 30_000, 100_000):
        folder = bench.folder() / "many"
        folder.mkdir()
        write_safetensors(folder / "model.safetensors", {
            f"model.layers.{number // 2}.mlp.{('up', 'down')[number % 2]}_proj.weight": [64, 64] for number in range(count)})
        (folder / "config.json").write_text(
            '{"model_type": "llama", "hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 8, '
            f'"num_key_value_heads": 8, "num_hidden_layers": {count // 2}, "vocab_size": 64}}')
        start = time.perf_counter()
        daemon, receiver = bench.daemon(folder), bench.receiver()
        ready = time.perf_counter() - start
        _, _, first = receiver.take(daemon.port, ["/shard?rank=1&mp=4"])
        seconds, _, again = receiver.take(daemon.port, ["/shard?rank=1&mp=4"])
        points.append((count, ready, first * 1000, again * 1000, seconds, *memory(daemon.pid)))
        daemon.stop()
    return Series(
        "Tensors: matrices of 8 KiB, half of them cut by columns, and rank 1 of mp 4",
        ["tensors", "seconds from start to ready", "ms to the first byte, planned first", "ms to the first byte, again",
         "seconds to the last byte", "MiB anonymous", "MiB resident at most"], points,
        [["ms to the first byte, planned first", "ms to the first byte, again"], ["MiB anonymous", "MiB resident at most"]],
        "tensors")


def run(bench):
    for measure in (ranks, connections, sizes, tensors):
        yield measure(bench)
