#!/usr/bin/env python3
"""Checks what a built weight-server makes of the checkpoint that make_synthetic.py wrote.

    python3 Scripts/check_synthetic.py --server .build/release/weight-server /tmp/synthetic

Measures `inspect`, starts the daemon, fetches all ranks of an mp at once over HTTP, and checks, by its own arithmetic, the
first and last words of every tensor and random words between (--all: every word) while they arrive; nothing is stored. All the
while the daemon's anonymous memory (RssAnon) is sampled. Prints what it measured; exit status 1 where a word is wrong, a tensor
is missing, or a limit is passed.

Needs numpy.
"""
import argparse
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import numpy

CHUNK = 1 << 20


class Piece:
    """What one rank holds of one tensor: its shape, and the word that each of its words has to be."""

    def __init__(self, number, entry, rank, mp):
        self.name, self.number = entry["name"], number
        whole, cut = entry["shape"], entry["cut"]
        self.shape = list(whole)
        self.row_offset = self.column_offset = 0
        if cut != "whole":
            axis = 0 if cut == "rows" else 1
            self.shape[axis] //= mp
            offset = rank * self.shape[axis]
            if axis == 0 and len(whole) == 2:
                self.row_offset = offset
            else:
                self.column_offset = offset // 4
        self.row_words, self.whole_words = self.shape[-1] // 4, whole[-1] // 4
        self.words = self.row_words * (self.shape[0] if len(self.shape) == 2 else 1)

    def expected(self, indices):
        row, column = numpy.divmod(indices.astype(numpy.uint64), numpy.uint64(self.row_words))
        row += numpy.uint64(self.row_offset)
        column += numpy.uint64(self.column_offset)
        return row * numpy.uint64(self.whole_words) + column | numpy.uint64(self.number << 40)


class RankCheck:
    """Reads one rank's partition off the network and checks it on the way."""

    def __init__(self, layout, rank, mp, samples, every, seed):
        self.rank, self.mp, self.every = rank, mp, every
        self.pieces = {entry["name"]: Piece(number, entry, rank, mp) for number, entry in enumerate(layout)}
        self.generator = random.Random(seed * 1000 + rank)
        self.samples = samples
        self.checked = self.wrong = self.bytes = 0
        self.failure = None

    def plan(self, header):
        """The words to look at, as sorted arrays of word indices of the body and of their values."""
        missing = set(self.pieces) ^ (set(header) - {"__metadata__"})
        if missing:
            raise ValueError(f"rank {self.rank}: tensors missing or not expected: {sorted(missing)[:3]}")
        self.extents = []
        for name, piece in self.pieces.items():
            entry = header[name]
            if entry["shape"] != piece.shape or entry["dtype"] != "F16":
                raise ValueError(f"rank {self.rank}: {name} is {entry['dtype']} {entry['shape']}, not F16 {piece.shape}")
            begin, end = entry["data_offsets"]
            if begin % 8 or end - begin != piece.words * 8:
                raise ValueError(f"rank {self.rank}: {name} has offsets {begin}, {end}")
            self.extents.append((begin // 8, piece))
        self.extents.sort(key=lambda extent: extent[0])
        if self.every:
            return
        total = sum(piece.words for _, piece in self.extents)
        drawn = numpy.array(sorted(self.generator.sample(range(total), min(self.samples, total))), dtype=numpy.int64)
        wanted, values = [], []
        for begin, piece in self.extents:
            here = drawn[(drawn >= begin) & (drawn < begin + piece.words)] - begin
            ends = numpy.array([0, piece.words - 1])
            indices = numpy.unique(numpy.concatenate([here, ends]))
            wanted.append(indices + begin)
            values.append(piece.expected(indices))
        self.wanted, self.values = numpy.concatenate(wanted), numpy.concatenate(values)

    def look(self, first, words):
        """Checks the words of the body that begin at the word `first`."""
        if self.every:
            for begin, piece in self.extents:
                low, high = max(begin, first), min(begin + piece.words, first + len(words))
                if low < high:
                    expected = piece.expected(numpy.arange(low - begin, high - begin))
                    self.count(words[low - first : high - first] != expected)
            return
        low, high = numpy.searchsorted(self.wanted, [first, first + len(words)])
        if low < high:
            self.count(words[self.wanted[low:high] - first] != self.values[low:high])

    def count(self, differing):
        self.checked += len(differing)
        self.wrong += int(differing.sum())

    def run(self, url):
        try:
            with urllib.request.urlopen(f"{url}/shard?rank={self.rank}&mp={self.mp}", timeout=600) as answer:
                length = int.from_bytes(answer.read(8), "little")
                self.plan(json.loads(answer.read(length)))
                buffer, filled, first = bytearray(CHUNK), 0, 0
                view = memoryview(buffer)
                while True:
                    count = answer.readinto(view[filled:])
                    filled += count
                    if filled == CHUNK or count == 0:
                        if filled % 8:
                            raise ValueError(f"rank {self.rank}: the body ends inside a word")
                        self.look(first, numpy.frombuffer(buffer, dtype="<u8", count=filled // 8))
                        first, filled = first + filled // 8, 0
                    if count == 0:
                        break
                self.bytes = 8 + length + 8 * first
                if first != sum(piece.words for _, piece in self.extents):
                    raise ValueError(f"rank {self.rank}: the body has {first} words")
        except Exception as error:  # what a thread raises would be lost
            self.failure = error


class MemoryWatch(threading.Thread):
    """The greatest RssAnon that a process was seen with, in MiB."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.path, self.greatest, self.samples, self.stopped = f"/proc/{process}/status", 0.0, 0, threading.Event()

    def run(self):
        while not self.stopped.wait(0.005):
            try:
                found = re.search(r"RssAnon:\s+(\d+) kB", pathlib.Path(self.path).read_text())
            except OSError:
                return
            if found:
                self.greatest = max(self.greatest, int(found.group(1)) / 1024)
                self.samples += 1


def start(server, folder, work, log):
    daemon = subprocess.Popen(
        [server, "serve", "--listen", "127.0.0.1:0", str(folder / "manifest.json")], stdout=subprocess.PIPE, stderr=log, cwd=work
    )
    line = daemon.stdout.readline().decode()
    if not line.startswith("listening on "):
        daemon.kill()
        raise SystemExit(f"the daemon does not start: {line!r}")
    url = line.split()[-1]
    while daemon.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=60).read()
            return daemon, url
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            time.sleep(0.01)
    raise SystemExit("the daemon ended before it was ready")


def measure_inspect(server, folder, work):
    """Seconds of the first and of the fastest of 3 runs."""
    seconds = []
    for _ in range(3):
        begin = time.monotonic()
        done = subprocess.run([server, "inspect", str(folder / "manifest.json")], cwd=work, capture_output=True)
        seconds.append(time.monotonic() - begin)
        if done.returncode:
            raise SystemExit(f"inspect ended with {done.returncode}: {done.stderr.decode().strip()}")
    return seconds[0], min(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=os.path.abspath)
    parser.add_argument("--mp", type=int, default=4)
    parser.add_argument("--samples", type=int, default=10_000, help="random words of each rank (10000)")
    parser.add_argument("--all", action="store_true", help="check every word")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rss-limit", type=float, default=100, help="MiB of RssAnon that the daemon may reach (100)")
    parser.add_argument("--inspect-limit", type=float, default=1, help="seconds that inspect may take (1)")
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    folder = options.folder.resolve()
    layout = json.loads((folder / "layout.json").read_text())

    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryFile() as log:
        first, fastest = measure_inspect(options.server, folder, work)
        print(f"inspect: {first:.3f} s at first, {fastest:.3f} s the fastest of 3")
        daemon, url = start(options.server, folder, work, log)
        watch = MemoryWatch(daemon.pid)
        watch.start()
        checks = [
            RankCheck(layout, rank, options.mp, options.samples, options.all, options.seed) for rank in range(options.mp)
        ]
        threads = [threading.Thread(target=check.run, args=(url,)) for check in checks]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - begin
        watch.stopped.set()
        watch.join()
        daemon.send_signal(signal.SIGTERM)
        status = daemon.wait(timeout=60)

    failures = [str(check.failure) for check in checks if check.failure]
    total, checked, wrong = (sum(getattr(check, field) for check in checks) for field in ("bytes", "checked", "wrong"))
    print(f"fetched: {options.mp} ranks at once, {total / 2**30:.2f} GiB in {seconds:.1f} s, checked on the way")
    print(f"words: {checked} checked (seed {options.seed}), {wrong} wrong")
    print(f"RssAnon: at most {watch.greatest:.1f} MiB in {watch.samples} samples")
    if wrong:
        failures.append(f"{wrong} words are wrong")
    if watch.greatest > options.rss_limit:
        failures.append(f"RssAnon reached {watch.greatest:.1f} MiB; the limit is {options.rss_limit:g}")
    if fastest > options.inspect_limit:
        failures.append(f"inspect took {fastest:.3f} s; the limit is {options.inspect_limit:g}")
    if status:
        failures.append(f"the daemon ended with {status}")
    for failure in failures:
        print(f"check_synthetic: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
