"""The client library, into memory and into a file, against other clients of the same daemon."""
import shutil
import subprocess

import requests

from checkpoints import write_llama
from harness import Table, compare, timed

TITLE = "Client"
MIB = 1024
PATH = "/shard?rank=0&mp=1"


def into_memory(bench, daemon, url, rounds):
    receiver, client = bench.receiver(), bench.worker(bench.programs.benchmark("ClientBenchmark"))
    session = bench.worker(bench.programs.benchmark("URLSessionBenchmark"))
    connection, buffer = requests.Session(), bytearray(16)

    def ours(verification="header"):
        seconds, count = client.ask(f"{daemon.port} 1 0 {verification} memory")
        return count / seconds / 1e9

    def by_requests():
        nonlocal buffer

        def work():
            nonlocal buffer
            with connection.get(url, stream=True) as answer:
                length = int(answer.headers["Content-Length"])
                if len(buffer) < length:
                    buffer = bytearray(b"\1") * length
                view, done = memoryview(buffer), 0
                while count := answer.raw.readinto(view[done:]):
                    done += count
        return len(buffer) / timed(work) / 1e9

    def by_session():
        seconds, count = session.ask(f"{url} memory")
        return count / seconds / 1e9

    def plain():
        return receiver.rate(daemon.port, PATH, mode="touched")
    return [
        compare("into touched memory, against recv in C", ours, plain, "GB/s", rounds, 0.95),
        compare("into touched memory, the digest verified, against recv in C", lambda: ours("digest"), plain, "GB/s", rounds),
        compare("into touched memory, against Python requests", ours, by_requests, "GB/s", bench.rounds(5)),
        compare("into touched memory, against URLSession into its own", ours, by_session, "GB/s", bench.rounds(5)),
    ]


def into_file(bench, daemon, mp, folder, where, rounds, asked):
    """Each to a file system; where that is a disk, until the bytes are on it."""
    client = bench.worker(bench.programs.benchmark("ClientBenchmark"))
    session = bench.worker(bench.programs.benchmark("URLSessionBenchmark"))
    url = f"http://127.0.0.1:{daemon.port}/shard?rank=0&mp={mp}"
    is_memory = str(folder).startswith("/dev/shm")

    def emptied(action):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return timed(action)

    def command(*arguments):
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
        if not is_memory:
            subprocess.run(["sync", folder / "peer"], check=True)
    ours = lambda: emptied(lambda: client.ask(f"{daemon.port} {mp} 0 header {folder / 'ours'}"))
    curl = lambda: emptied(lambda: command("curl", "-sfo", folder / "peer", url))
    aria = lambda: emptied(lambda: command(
        "aria2c", "-q", "-x4", "-s4", "-k1M", "--file-allocation=none", "-d", folder, "-o", "peer", url))
    rows = [compare(f"into a file {where}, against curl -o", ours, curl, "s", rounds, asked, faster=True)]
    if is_memory:
        rows += [
            compare(f"into a file {where}, against aria2c with 4 connections", ours, aria, "s", bench.rounds(5), faster=True),
            compare(f"into a file {where}, against URLSession's download", ours,
                    lambda: emptied(lambda: session.ask(f"{url} {folder / 'peer'}")), "s", bench.rounds(5), faster=True)]
    return rows


def run(bench):
    checkpoint = write_llama(bench.folder() / "llama", bench.mib(MIB))
    daemon, rounds = bench.daemon(checkpoint), bench.rounds(9)
    url = f"http://127.0.0.1:{daemon.port}{PATH}"
    yield Table(TITLE + ", into memory", "other clients of the same daemon", into_memory(bench, daemon, url, rounds))
    yield Table(TITLE + ", into a file", "other clients of the same daemon", [
        *into_file(bench, daemon, 1, bench.folder("/dev/shm") / "files", "in memory", rounds, 1.3),
        *into_file(bench, daemon, 8, bench.folder() / "files", "an eighth as large, on the disk, synchronized", bench.rounds(5), None)],
        "The digest is not verified here, as the others verify none.")
