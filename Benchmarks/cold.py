"""All ranks of a Megatron checkpoint at another degree, none of them made before: the plan executed in process, over HTTP, and as
files, against DeepSpeed's own loader and `cp`. The source's pages are in memory for all."""
import shutil
import subprocess
import sys
from pathlib import Path

from checkpoints import write_megatron
from harness import Row, Table, compare, compare_all, memory, say, timed

TITLE = "Cold: a 2 GiB Megatron checkpoint of mp 2, resharded"
MIB = 2048
DEGREES = {4: {"fresh": 8, "http fresh": 2, "http touched": 5, "memory": 50},
           1: {"fresh": 8, "http fresh": 2, "http touched": 5, "memory": 100}}


class DeepSpeed:
    """DeepSpeed's loader in a process for each rank, all at once."""

    def __init__(self, bench, folder, mp):
        self.mp = mp
        self.files = " ".join(str(path) for path in sorted(folder.glob("*.pt")))
        environment = {"DS_ACCELERATOR": "cpu", "DS_BUILD_OPS": "0"}
        script = Path(__file__).parent / "deepspeed_loader.py"
        self.workers = [bench.worker(sys.executable, script, environment=environment) for _ in range(mp)]
        self.highest = 0
        for worker in self.workers:
            worker.answer()

    def seconds(self):
        """From the word to the last process's state dict."""
        def work():
            for rank, worker in enumerate(self.workers):
                worker.tell(f"{self.mp} {rank} {self.files}")
            self.answers = [worker.answer() for worker in self.workers]
        seconds = timed(work)
        self.highest = max(self.highest, sum(answer[2] for answer in self.answers))
        return seconds

    def close(self):
        for worker in self.workers:
            worker.close()


def degree(bench, manifest, mp, asked):
    """The rows of one degree."""
    ranks = ",".join(map(str, range(mp)))
    what, clients = f"all ranks of mp {mp}", f"{mp} client{'s' * (mp > 1)}"
    peer = DeepSpeed(bench, manifest.parent, mp)
    execute = bench.worker(bench.programs.benchmark("ExecuteBenchmark"))
    receiver, daemon = bench.receiver(), bench.daemon(manifest)
    paths = [f"/shard?rank={rank}&mp={mp}" for rank in range(mp)]
    anonymous = 0

    def executed(kind):
        return lambda: execute.ask(f"{kind} 2 {mp} {ranks} {manifest}")[0]

    def served(kind):
        def work():
            nonlocal anonymous
            seconds = receiver.take(daemon.port, paths, kind)[0]
            anonymous = max(anonymous, memory(daemon.pid)[0])
            return seconds
        return work
    rows = compare_all([
        (f"{what}, the plan executed in process into fresh memory, huge pages", executed("huge"), asked["fresh"]),
        (f"{what}, the plan executed in process into fresh memory, small pages", executed("fresh"), asked["fresh"]),
        (f"{what}, the plan executed in process into touched memory", executed("touched"), None),
        (f"{what}, over HTTP to {clients} at once, into fresh memory", served("fresh"), asked["http fresh"]),
        (f"{what}, over HTTP to {clients} at once, into touched memory", served("touched"), asked["http touched"]),
    ], peer.seconds, "s", bench.rounds(7), faster=True)
    execute.close()
    rows.append(Row(
        f"{what}: anonymous memory of the daemon, against what DeepSpeed's processes have resident at most, together",
        [anonymous], [peer.highest], "MiB", [anonymous / peer.highest], 1 / asked["memory"], least=False))
    say(f"  {anonymous:.1f} MiB against {peer.highest:.0f} MiB")
    peer.close()
    receiver.worker.close()
    daemon.stop()
    return rows


def copy(source, target):
    subprocess.run(["cp", "--reflink=never", "--sparse=never", *sorted(source), target], check=True)


def files(bench, manifest, mp, on, name):
    """`export` of all ranks against `cp` of the same bytes, to the same file system."""
    folder = bench.folder(on)
    bench.export(manifest, mp, folder / "same")
    same = list((folder / "same").iterdir())
    ours, theirs = folder / "ours", folder / "theirs"

    def emptied(target, action):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        return timed(action)
    row = compare(
        f"export of all ranks of mp {mp}, {name}",
        lambda: emptied(ours, lambda: bench.export(manifest, mp, ours)),
        lambda: emptied(theirs, lambda: copy(same, theirs)), "s", bench.rounds(7), 1.3, least=False)
    shutil.rmtree(folder)
    folder.mkdir()
    return row


def in_process_beside_copy(bench, manifest):
    """The four ranks in memory that was touched, against `cp` of the same bytes to a file system in memory."""
    folder = bench.folder("/dev/shm")
    bench.export(manifest, 4, folder / "same")
    same = list((folder / "same").iterdir())
    (folder / "copy").mkdir()
    execute = bench.worker(bench.programs.benchmark("ExecuteBenchmark"))
    rows = compare_all([
        (f"all ranks of mp 4, executed in process into {kind} memory",
         lambda kind=kind: execute.ask(f"{kind} 2 4 0,1,2,3 {manifest}")[0], None) for kind in ("huge", "fresh", "touched")
    ], lambda: timed(lambda: copy(same, folder / "copy")), "s", bench.rounds(7), faster=True)
    execute.close()
    shutil.rmtree(folder)
    folder.mkdir()
    return rows


def run(bench):
    folder = bench.folder()
    say("  making the checkpoint")
    manifest = write_megatron(folder, bench.mib(MIB))
    small = write_megatron(bench.folder(), bench.mib(MIB) // 4)
    rows = []
    for mp, asked in DEGREES.items():
        rows += degree(bench, manifest, mp, asked)
    yield Table(TITLE, "DeepSpeed's loader, a process a rank", rows,
                "Times from the word to the last byte; ours read the metadata and plan in them. Clients are threads of one "
                "program in C; their fresh memory is of small pages. What fresh memory costs is the kernel's to say, and under a "
                "hypervisor the host's: pages that the guest has not used for a while are made anew by the host.")
    yield Table("Cold, against cp", "cp --reflink=never --sparse=never", [
        *in_process_beside_copy(bench, manifest),
        files(bench, small, 4, None, "a quarter as large, to the disk's file system"),
        files(bench, manifest, 4, "/dev/shm", "to a file system in memory")])
