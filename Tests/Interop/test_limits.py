"""Slow, greedy and many clients: what they are told, what it costs, and that the others are served meanwhile."""
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

from daemon import SAMPLE, binary

REQUEST = b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n"


class Daemon:
    """A daemon with some limits, and what it costs."""

    def __init__(self, log, before=(), **limits):
        self.log = pathlib.Path(log)
        environment = {f"WEIGHT_SERVER_LIMITS_{name.upper()}": str(value) for name, value in limits.items()}
        with open(log, "wb") as errors:
            self.process = subprocess.Popen(
                [*before, binary(), "serve", "--listen", "127.0.0.1:0", str(SAMPLE)],
                stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **environment}, cwd=self.log.parent,
            )
        self.port = int(self.process.stdout.readline().decode().rsplit(":", 1)[1])

    def __enter__(self):
        while self.get("/manifests")[0]["state"] == "loading":
            pass
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        status = self.process.wait(timeout=60)
        assert kind or status == 0

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return json.load(answer)

    def reached(self, limit):
        return self.get("/stats")["limits_reached"][limit]

    def connect(self, buffer=0):
        client = socket.socket()
        if buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.settimeout(60)
        client.connect(("127.0.0.1", self.port))
        return client

    @property
    def kibibytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def status(client):
    """The status of what comes, and everything up to the end of the stream."""
    data = b""
    while chunk := client.recv(65536):
        data += chunk
    return int(data[9:12]), data


def test_a_slow_head_and_a_slow_body_are_told_so(tmp_path):
    with Daemon(tmp_path / "log", head_seconds=0.3, body_seconds=0.3) as daemon:
        for text, limit in [
            (b"GET /stats HTTP/1.1\r\nX", "head_seconds"),
            (b"POST /manifests/x HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n", "body_seconds"),
        ]:
            with daemon.connect() as client:
                client.sendall(text)
                # A byte now and then does not prolong it.
                end = threading.Event()

                def trickle():
                    while not end.wait(0.05):
                        try:
                            client.send(b"y")
                        except OSError:
                            return

                thread = threading.Thread(target=trickle)
                thread.start()
                begin = time.monotonic()
                code, data = status(client)
                assert code == 408 and b'"deadline_exceeded"' in data
                assert time.monotonic() - begin < 20
                end.set()
                thread.join()
            assert daemon.reached(limit) == 1
        assert "limit=head_seconds" in daemon.log.read_text()


def test_a_reader_below_the_rate_is_cut_and_one_above_it_is_not(tmp_path):
    with Daemon(tmp_path / "log", write_seconds=0.5, write_bytes_per_second=20_000) as daemon:
        with urllib.request.urlopen(f"http://127.0.0.1:{daemon.port}/shard?rank=0&mp=1") as answer:
            size = len(answer.read())
        slow, steady = daemon.connect(2048), daemon.connect(2048)
        slow.sendall(REQUEST % b"/shard?rank=0&mp=1" * 40)
        steady.sendall(REQUEST % b"/shard?rank=0&mp=1" * 12)
        received = 0
        deadline = time.monotonic() + 60
        while daemon.reached("write_seconds") == 0:
            assert time.monotonic() < deadline
            slow.recv(10)
            if received < 12 * size:
                received += len(steady.recv(16_384))
            time.sleep(0.02)
        assert daemon.reached("write_seconds") == 1
        while received < 12 * size:
            chunk = steady.recv(1 << 20)
            assert chunk, "the steady one is served to its end"
            received += len(chunk)
        with pytest.raises(ConnectionResetError):
            while slow.recv(1 << 20):
                pass


def test_pipelined_floods_of_clients_that_take_nothing_cost_little(tmp_path):
    with Daemon(tmp_path / "log") as daemon:
        before = daemon.kibibytes
        clients = [daemon.connect(4096) for _ in range(50)]
        flood = REQUEST % b"/manifests/gpt2-tiny" * 5000

        def send(client):
            client.settimeout(2)
            try:
                while client.send(flood):
                    pass
            except (TimeoutError, OSError):
                pass

        threads = [threading.Thread(target=send, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        begin = time.monotonic()
        assert daemon.get("/healthz") == {"status": "ok"}
        assert time.monotonic() - begin < 5
        for thread in threads:
            thread.join()
        # What 50 connections may hold: 80 KiB of requests each, and an answer.
        assert daemon.kibibytes - before < 60_000
        for client in clients:
            client.close()
        deadline = time.monotonic() + 30
        while daemon.get("/stats")["bytes_in_flight"] > 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert daemon.get("/stats")["bytes_in_flight"] == 0


def test_thousands_of_idle_connections_cost_little_and_end(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    count = min(5000, limit - 200)
    with Daemon(tmp_path / "log", connections_per_address=20_000, idle_seconds=6) as daemon:
        before, descriptors = daemon.kibibytes, daemon.descriptors
        clients = [daemon.connect() for _ in range(count)]
        begin = time.monotonic()
        daemon.get("/healthz")
        assert time.monotonic() - begin < 5
        assert daemon.kibibytes - before < 10 * count, "10 KiB each"
        assert daemon.descriptors >= count
        for client in clients:
            assert client.recv(1) == b""
            client.close()
        deadline = time.monotonic() + 30
        while daemon.descriptors > descriptors + 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert daemon.descriptors <= descriptors + 2
        assert daemon.reached("idle_seconds") >= count


def test_without_descriptors_new_ones_are_refused_and_the_old_served(tmp_path):
    with Daemon(tmp_path / "log", before=["prlimit", "--nofile=100:100"]) as daemon:
        clients, codes = [], []
        for _ in range(150):
            client = daemon.connect()
            client.sendall(REQUEST % b"/healthz")
            codes.append(int(client.recv(4096)[9:12]))
            clients.append(client)
        assert set(codes) == {200, 429} and codes[0] == 200 and codes[-1] == 429
        clients[0].sendall(REQUEST % b"/shard?rank=0&mp=2")
        assert clients[0].recv(15) == b"HTTP/1.1 200 OK"
        for client in clients:
            client.close()
        deadline = time.monotonic() + 30
        while True:
            with daemon.connect() as client:
                client.sendall(REQUEST % b"/healthz")
                if client.recv(4096)[9:12] == b"200":
                    break
            assert time.monotonic() < deadline
        assert daemon.reached("descriptors") >= codes.count(429)
        assert "limit=descriptors" in daemon.log.read_text()


def test_requests_beyond_a_limit_are_told_when_to_come_again(tmp_path):
    with Daemon(tmp_path / "log", requests_per_address=2) as daemon:
        # Answers that are not taken are in flight.
        slow = [daemon.connect(2048) for _ in range(2)]
        for client in slow:
            client.sendall(REQUEST % b"/shard?rank=0&mp=1" * 200)
        deadline = time.monotonic() + 30
        while True:
            with daemon.connect() as client:
                client.sendall(b"GET /stats HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                code, data = status(client)
            if code == 429:
                break
            assert time.monotonic() < deadline
        assert b"Retry-After: 1\r\n" in data and b'"resource_exhausted"' in data
        assert daemon.get("/healthz") == {"status": "ok"}
        for client in slow:
            client.close()
        while True:
            try:
                assert daemon.reached("requests_per_address") >= 1
                break
            except urllib.error.HTTPError:
                assert time.monotonic() < deadline
