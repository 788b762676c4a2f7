"""What every benchmark here uses: servers that run beside each other, programs that are measured by turns, and rows of ratios.

A benchmark is a module with `TITLE` and `run(bench)`, which yields a `Table` or a `Series` for each thing that it measures.
"""
import contextlib
import dataclasses
import json
import math
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

NGINX = """
worker_processes 2;
worker_rlimit_nofile 65536;
pid {work}/nginx.pid;
error_log {work}/nginx-error.log;
daemon off;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  keepalive_timeout 600;
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3;
  uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    {tls}
    root {files};
    location = /healthz {{ default_type application/json; return 200 '{{"status":"ok"}}'; }}
  }}
}}
"""

NGINX_TLS = """listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_buffer_size 16k;"""


@dataclasses.dataclass
class Programs:
    """Where the built programs are."""
    server: Path
    benchmarks: Path

    def benchmark(self, name):
        return self.benchmarks / name


@dataclasses.dataclass
class Row:
    """A piece of work, ours and the peer's by turns; `ratios` are of each pair. `asked` is what the ratio has to reach."""
    work: str
    ours: list
    peer: list
    unit: str
    ratios: list
    asked: float | None = None
    least: bool = True

    @property
    def median(self):
        return statistics.median(self.ratios)

    @property
    def interval(self):
        """The narrowest pair of order statistics that holds the median with 95 %; of fewer than six values all there are."""
        values, count = sorted(self.ratios), len(self.ratios)
        low = 0
        while low + 1 < count - low - 2 and coverage(count, low + 1) >= 0.95:
            low += 1
        return values[low], values[count - 1 - low]

    @property
    def reached(self):
        """Whether the median is what was asked; of a rate of 1, 0.97 counts."""
        if self.asked is None:
            return None
        if self.least:
            return self.median >= (0.97 if self.asked == 1 else self.asked)
        return self.median <= self.asked

    @property
    def wish(self):
        if self.asked is None:
            return "-"
        return f"{'at least' if self.least else 'at most'} {self.asked:g}"


@dataclasses.dataclass
class Table:
    """Rows against one peer."""
    title: str
    peer: str
    rows: list
    note: str = ""


@dataclasses.dataclass
class Series:
    """Figures that grow with something: `columns` of names, `points` of values, the first of which is what grows; drawn with both
    axes logarithmic. `plots` are names of columns with one unit each."""
    title: str
    columns: list
    points: list
    plots: list
    name: str
    note: str = ""


def coverage(count, low):
    """How surely the median lies between the values of rank `low` and its mirror, of `count` in order."""
    return 1 - 2 * sum(math.comb(count, index) for index in range(low + 1)) / 2**count


def say(text):
    print(text, file=sys.stderr, flush=True)


def compare(work, ours, peer, unit, rounds, asked=None, least=True, faster=False):
    """Measures one thing and its peer by turns."""
    return compare_all([(work, ours, asked)], peer, unit, rounds, least, faster)[0]


def compare_all(works, peer, unit, rounds, least=True, faster=False):
    """Measures each of some (work, ours, asked), then their peer, and so on, after one of each that is not counted. `faster` says that
    figures are times, and the ratio how many times less ours is; else the ratio is ours over the peer's."""
    mine, theirs = [[] for _ in works], []
    for number in range(rounds + 1):
        figures = [ours() for _, ours, _ in works]
        figure = peer()
        if number:
            theirs.append(figure)
            for taken, own in zip(mine, figures):
                taken.append(own)
    rows = []
    for (work, _, asked), taken in zip(works, mine):
        ratios = [b / a if faster else a / b for a, b in zip(taken, theirs)]
        rows.append(Row(work, taken, theirs, unit, ratios, asked, least))
        low, high = rows[-1].interval
        say(f"  {rows[-1].median:6.2f} ({low:.2f} to {high:.2f}), asked {rows[-1].wish}: {work}")
    return rows


class Worker:
    """A program that does its work once for each line that it is told, and answers with a line of figures."""

    def __init__(self, *arguments, environment=None):
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=dict(os.environ, **(environment or {})))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.wait()}")
        return [float(word) for word in line.split()]

    def ask(self, line):
        self.tell(line)
        return self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def memory(pid):
    """MiB of a process: anonymous now, and resident at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return tuple(int(re.search(rf"{name}:\s+(\d+)", status).group(1)) / 1024 for name in ("RssAnon", "VmHWM"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    """The programs, and what is made in temporary folders and stopped at the end of each benchmark."""

    def __init__(self, programs, quick):
        self.programs = programs
        self.quick = quick
        self.stack = contextlib.ExitStack()

    def rounds(self, count):
        return 5 if self.quick else count

    def mib(self, count):
        """The size of a checkpoint; a try needs less."""
        return count // 8 if self.quick else count

    def folder(self, on=None):
        """A temporary folder; on="/dev/shm" for one in memory."""
        path = Path(self.stack.enter_context(tempfile.TemporaryDirectory(dir=on, prefix="weight-server-bench-")))
        path.chmod(0o755)
        return path

    def worker(self, *arguments, environment=None):
        return self.stack.enter_context(Worker(*arguments, environment=environment))

    def receiver(self):
        return Receiver(self.worker(self.programs.benchmark("Receive")))

    def process(self, *arguments, **options):
        process = subprocess.Popen([str(argument) for argument in arguments], **options)
        self.stack.callback(stop, process)
        return process

    def daemon(self, *checkpoints, cache=None, certificate=None, **settings):
        """A weight server of ours that is ready. `cache` is a folder for partitions, all of which are then kept."""
        environment = {"WEIGHT_SERVER_LOGGING_LEVEL": "warning", "WEIGHT_SERVER_CACHE_MODE": "always" if cache else "never",
                       "WEIGHT_SERVER_LIMITS_CONNECTIONS_PER_ADDRESS": "10000"}
        if cache:
            environment |= {"WEIGHT_SERVER_CACHE_FOLDER": str(cache), "WEIGHT_SERVER_CACHE_BYTES": str(64 << 30)}
        environment |= {f"WEIGHT_SERVER_{name.upper()}": str(value) for name, value in settings.items()}
        listen = ["--listen", "127.0.0.1:0"]
        if certificate:
            listen += ["--listen", "https://127.0.0.1:0"]
            environment |= {"WEIGHT_SERVER_TLS_CERTIFICATE": str(certificate[0]), "WEIGHT_SERVER_TLS_KEY": str(certificate[1])}
        process = self.process(
            self.programs.server, "serve", *listen, *checkpoints, stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, **environment))
        ports = [int(process.stdout.readline().rsplit(":", 1)[1]) for _ in range(len(listen) // 2)]
        wait_for(f"http://127.0.0.1:{ports[0]}/readyz")
        return Server(process, *ports)

    def certificate(self):
        """Paths of a certificate for this machine that signs itself, and of its key."""
        folder = self.folder()
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"], check=True,
            stderr=subprocess.DEVNULL)
        return folder / "certificate.pem", folder / "key.pem"

    def nginx(self, files, certificate=None):
        """nginx with sendfile and two workers over the files of a folder; by TLS too where it is given a certificate."""
        work, port, tls = self.folder(), free_port(), ""
        if certificate:
            tls = NGINX_TLS.format(port=free_port(), certificate=certificate[0], key=certificate[1])
        (work / "nginx.conf").write_text(NGINX.format(work=work, files=files, port=port, tls=tls))
        process = self.process("nginx", "-c", work / "nginx.conf", "-p", work, "-g", "user root;")
        wait_for(f"http://127.0.0.1:{port}/healthz")
        return Server(process, port, int(re.search(r":(\d+) ssl", tls).group(1)) if tls else None)

    def export(self, checkpoint, mp, output, rank=None):
        rank = [] if rank is None else ["--rank", str(rank)]
        subprocess.run(
            [self.programs.server, "export", checkpoint, "--mp", str(mp), *rank, "-o", output], check=True,
            stdout=subprocess.DEVNULL)


@dataclasses.dataclass
class Server:
    process: subprocess.Popen
    port: int
    tls_port: int | None = None

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        """Ends it before its benchmark ends."""
        stop(self.process)

    def pids(self):
        """The process and its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]


class Receiver:
    """The plain client in C."""

    def __init__(self, worker):
        self.worker = worker

    def take(self, port, paths, mode="window", least=0):
        """Seconds, bytes, and seconds to the first byte."""
        return self.worker.ask(f"{mode} {least} {port} {' '.join(paths)}")

    def rate(self, port, path, connections=1, mode="window", least=0):
        """GB/s over so many connections at once, at least `least` bytes together."""
        seconds, count, _ = self.take(port, [path] * connections, mode, least)
        return count / seconds / 1e9


def stop(process):
    process.terminate()
    process.wait()
    if process.stdout:
        process.stdout.close()


def wait_for(url):
    deadline = time.time() + 60
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        if time.time() > deadline:
            raise RuntimeError(f"{url} does not answer")
        time.sleep(0.02)


def get_json(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return json.load(answer)


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
