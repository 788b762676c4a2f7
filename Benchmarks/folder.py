"""One rank of 4 of a Hugging Face folder: the Loader's plan executed in process and `/shard`, against Python's safetensors."""
import sys
from pathlib import Path

from checkpoints import write_llama
from harness import Table, compare

TITLE = "A Hugging Face folder, one rank of 4"
MIB, FILES = 2048, 8


def run(bench):
    checkpoint, rounds = write_llama(bench.folder() / "llama", bench.mib(MIB), files=FILES), bench.rounds(9)
    slices = bench.worker(sys.executable, Path(__file__).parent / "slices.py")
    execute = bench.worker(bench.programs.benchmark("ExecuteBenchmark"))
    receiver, daemon = bench.receiver(), bench.daemon(checkpoint)

    def rate(answer):
        return answer[1] / answer[0] / 1e9

    def ours(kind, workers):
        return lambda: rate(execute.ask(f"{kind} {workers} 4 1 {checkpoint}"))

    def theirs(how):
        return lambda: rate(slices.ask(f"{how} 4 1 {checkpoint}"))
    slices.ask(f"open 4 1 {checkpoint}")
    rows = [
        compare("the plan executed alone, files open, two threads", ours("again", 2), theirs("opened"), "GB/s", rounds, 0.9),
        compare("the plan executed alone, files open, one thread", ours("again", 1), theirs("opened"), "GB/s", rounds),
        compare("from the folder's path to the last byte", ours("touched", 2), theirs("open"), "GB/s", rounds),
        compare("/shard, received by one connection",
                lambda: receiver.rate(daemon.port, "/shard?rank=1&mp=4", mode="touched"), theirs("opened"), "GB/s", rounds),
    ]
    yield Table(TITLE, "safetensors, get_slice", rows, "All into memory that was touched before. HTTP copies each byte twice "
                "more, through the kernel's socket buffers: it cannot reach what a mapping in the same process gives.")
