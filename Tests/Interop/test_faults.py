"""What happens to machines and networks, done to the built daemon: nothing wrong is sent, nothing is lost, and it goes on."""
import contextlib
import email.utils
import errno
import hashlib
import json
import mmap
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from daemon import REPOSITORY, SAMPLE
from served import Answers, Served

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def request(target, *fields):
    return f"GET {target} HTTP/1.1\r\nHost: x\r\n{''.join(field + chr(13) + chr(10) for field in fields)}\r\n".encode()


def large(folder, mebibytes, seed=1):
    """A safetensors file of that size, whose bytes say where they are."""
    rows = mebibytes << 13
    header = json.dumps({"h.0.weight": {"dtype": "U8", "shape": [rows, 128], "data_offsets": [0, rows * 128]}}).encode()
    header += b" " * (-len(header) % 8)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.safetensors"
    block = hashlib.shake_128(bytes([seed])).digest((1 << 20) - 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for index in range(mebibytes):
            file.write(struct.pack("<Q", index) + block)
    return path


def digest(body):
    return hashlib.sha256(body).hexdigest()


# Clients that do not behave.


def test_a_half_closed_connection_is_answered_to_its_end(tmp_path):
    with Served(tmp_path, checkpoint=large(tmp_path / "large", 16)) as served:
        _, whole, _ = served.get("/shard?rank=0&mp=1")
        answers = served.ask(HEALTH + request("/shard?rank=0&mp=1") + HEALTH)
        assert [status for status, _, _ in answers] == [200, 200, 200]
        assert answers[1][2] == whole
        # Half a request is none, and neither is one with half a body.
        assert [status for status, _, _ in served.ask(HEALTH + HEALTH[:20])] == [200]
        assert served.ask(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{") == []


@pytest.mark.parametrize("after", [0, 1000, 3_000_000])
def test_a_reset_in_the_middle_costs_nobody_anything(tmp_path, after):
    with Served(tmp_path, checkpoint=large(tmp_path / "large", 32)) as served:
        _, whole, _ = served.get("/shard?rank=0&mp=1")
        before = served.descriptors
        for _ in range(50):
            client = served.connect(buffer=65_536)
            client.sendall(request("/shard?rank=0&mp=1") * 3)
            received = 0
            while received < after:
                received += len(client.recv(1 << 16))
            # A close with no time to linger is a reset.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        assert served.get("/shard?rank=0&mp=1")[1] == whole
        served.wait(lambda: served.descriptors <= before + 2)


@pytest.mark.parametrize(
    "garbage",
    [
        bytes.fromhex("16030100f5010000f10303") + bytes(range(200)), b"\x80\x2e\x01\x00\x02" + b"\0" * 40, os.urandom(4096), b"\0" * 4096,
        b"SSH-2.0-x\r\n", b"EHLO x\r\nQUIT\r\n", b"*1\r\n$4\r\nPING\r\n", b"\x03\x00\x00\x13\x0e\xe0", b"\xff" * 4096,
    ],
    ids=["TLS", "SSL 2", "noise", "zeros", "SSH", "SMTP", "Redis", "RDP", "ones"],
)  # fmt: skip
def test_another_protocol_is_refused(tmp_path, garbage):
    with Served(tmp_path) as served:
        answers = served.ask(garbage)
        assert len(answers) <= 1
        assert all(400 <= status < 506 for status, _, _ in answers)
        assert served.get("/healthz")[0] == 200


def test_five_thousand_idle_connections_hold_up_nobody(tmp_path):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 6000:
        pytest.skip(f"this process may have {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16_384), hard))
    limits = {"WEIGHT_SERVER_LIMITS_CONNECTIONS_PER_ADDRESS": "10000"}
    try:
        with Served(tmp_path, environment=limits) as served, contextlib.ExitStack() as stack:
            _, whole, _ = served.get("/shard?rank=0&mp=1")
            before, threads = served.kibibytes, served.threads
            for _ in range(5000):
                stack.enter_context(served.connect())
            assert served.get("/shard?rank=0&mp=1")[1] == whole
            assert served.get_json("/stats")["connections"]["open"] >= 5000
            assert served.kibibytes - before < 5000 * 16, "16 KiB a connection"
            assert served.threads - threads < 20
            stack.close()
            served.wait(lambda: served.get_json("/stats")["connections"]["open"] < 10)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Machines that do not behave.


class Faults:
    """What faults.c makes fail, in a page that it sees."""

    def __init__(self, folder, below):
        self.library = folder / "faults.so"
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-o", self.library, REPOSITORY / "Tests/Interop/faults.c", "-ldl"], check=True
        )
        path = folder / "faults"
        path.write_bytes(bytes(16))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 16)
        self.environment = {"LD_PRELOAD": str(self.library), "FAULTS": str(path), "FAULTS_FOLDER": str(below)}

    def set(self, error=0, seconds=0):
        self.page[:] = struct.pack("<iiq", error, 0, seconds)


def test_a_disk_that_cannot_be_read_gives_no_wrong_byte(tmp_path):
    large(tmp_path / "model", 32)
    faults = Faults(tmp_path, tmp_path / "model")
    target = "/shard?rank=0&mp=1"
    with Served(tmp_path, checkpoint=tmp_path / "model", environment=faults.environment) as served:
        _, whole, _ = served.get(target)
        # In the middle of an answer: it is cut, and what came is right.
        client = served.connect(buffer=65_536)
        client.sendall(request(target))
        data = b""
        while len(data) < 1 << 20:
            data += client.recv(1 << 16)
        faults.set(error=errno.EIO)
        with contextlib.suppress(ConnectionResetError):
            while chunk := client.recv(1 << 16):
                data += chunk
        head, body = data.split(b"\r\n\r\n", 1)
        assert len(body) < len(whole) and whole.startswith(body)
        # From the beginning: it is said, or cut before a byte of it.
        with served.connect() as client:
            client.sendall(request(target))
            data = b""
            with contextlib.suppress(ConnectionResetError):
                while chunk := client.recv(1 << 16):
                    data += chunk
            head, _, body = data.partition(b"\r\n\r\n")
            assert b" 500 " in head[:20] or whole.startswith(body) and len(body) < len(whole), data[:300]
        assert served.get("/healthz")[0] == 200
        assert served.administer("POST", "/manifests/model/reload")[0] == 500
        faults.set()
        assert served.get(target)[1] == whole
        assert served.administer("POST", "/manifests/model/reload")[0] == 200


@pytest.mark.parametrize("seconds", [-400_000_000, 400_000_000])
def test_a_clock_that_jumps_changes_dates_and_nothing_else(tmp_path, seconds):
    faults = Faults(tmp_path, tmp_path / "nothing")
    environment = {**faults.environment, "WEIGHT_SERVER_CACHE_MODE": "always"}
    with Served(tmp_path, environment=environment) as served:
        _, whole, fields = served.get("/shard?rank=0&mp=1")
        client = served.connect()
        client.sendall(HEALTH)
        answers = Answers(client)
        assert answers.next()[0] == 200
        faults.set(seconds=seconds)
        # Neither is the idle connection over, nor a request late, nor the partition new.
        client.sendall(HEALTH)
        status, later, _ = answers.next()
        assert status == 200
        date = email.utils.parsedate_to_datetime(later["date"]).timestamp()
        assert abs(date - time.time() - seconds) < 60
        status, body, now = served.get("/shard?rank=0&mp=1", {"Connect-Timeout-Ms": "30000"})
        assert (status, body, now["ETag"]) == (200, whole, fields["ETag"])
        assert served.get("/shard?rank=0&mp=1", {"If-None-Match": fields["ETag"]})[0] == 304
        assert served.get_json("/manifests")[0]["state"] == "ready"
        assert 0 < served.get_json("/stats")["uptime_seconds"] < 60
        assert served.administer("POST", "/manifests/gpt2-tiny/reload")[1]["revision"] == fields["X-Manifest-Revision"]
        client.close()
        faults.set()


def test_what_was_killed_comes_back_with_what_it_had(tmp_path):
    environment = {"WEIGHT_SERVER_CACHE_MODE": "always"}
    with Served(tmp_path, checkpoint=large(tmp_path / "large", 32), environment=environment) as served:
        whole = [served.get(f"/shard?rank={rank}&mp=4") for rank in range(4)]
        client = served.connect(buffer=65_536)
        client.sendall(request("/shard?rank=0&mp=1"))
        client.recv(1000)
        served.process.kill()
        served.process.wait()
        # The file of the Unix socket is still there; so is what was being made.
        assert served.socket.exists()
        served.start()
        for rank, (_, body, fields) in enumerate(whole):
            status, again, now = served.get(f"/shard?rank={rank}&mp=4")
            assert (status, again, now["ETag"]) == (200, body, fields["ETag"])
        assert served.administer("POST", "/manifests/large/reload")[0] == 200
        # What was left unfinished is removed, and what is made now is finished.
        served.wait(lambda: not list((tmp_path / "cache").glob("*.writing")))


class Load:
    """Clients that ask for partitions again and again, and hold every byte against what it should be."""

    def __init__(self, served, targets, clients=8):
        self.served, self.targets = served, targets
        self.expected = {target: digest(served.get(target)[1]) for target in targets}
        self.done = self.refused = 0
        self.wrong = []
        self.lock = threading.Lock()
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()

    def run(self, number):
        count = number
        client = answers = None
        while not self.ending.is_set():
            target = self.targets[count % len(self.targets)]
            count += 1
            begun = False
            try:
                if client is None:
                    client = self.served.connect()
                    answers = Answers(client)
                client.sendall(request(target))
                begun = True
                answer = answers.next()
            except AssertionError as error:
                self.note(f"{target}: {error}")
                return
            except OSError as error:
                # Nobody listens any more, or what was sent came too late to be read.
                client = None
                if self.ending.is_set() or isinstance(error, (ConnectionRefusedError, ConnectionResetError, BrokenPipeError)):
                    if isinstance(error, ConnectionRefusedError):
                        return
                    continue
                self.note(f"{target}: {error!r} after {begun}")
                return
            if answer is None:
                client = None
                continue
            status, fields, body = answer
            if status == 200 and digest(body) == self.expected[target]:
                with self.lock:
                    self.done += 1
            elif status == 503:
                with self.lock:
                    self.refused += 1
            else:
                self.note(f"{target}: {status}, {len(body)} bytes: {body[:200]}")
                return
            if fields.get("connection") == "close":
                client.close()
                client = None

    def note(self, what):
        with self.lock:
            self.wrong.append(what)


TARGETS = ["/shard?rank=0&mp=1", "/shard?rank=1&mp=2", "/shard?rank=3&mp=4&dtype=float16", "/shard?rank=0&mp=2&quantize=int8", "/plan?mp=4"]


def test_a_request_that_was_begun_before_the_end_is_finished(tmp_path):
    with Served(tmp_path) as served:
        with Load(served, TARGETS) as load:
            served.wait(lambda: load.done > 100)
            # Requests that are on their way when it is told to end: each is answered whole.
            clients = [served.connect() for _ in range(64)]
            for client in clients:
                client.sendall(request("/shard?rank=0&mp=1"))
            begun = [Answers(client) for client in clients]
            for answers in begun:
                assert answers.more()
            served.signal(signal.SIGTERM)
            for answers in begun:
                status, _, body = answers.next()
                assert (status, digest(body)) == (200, load.expected["/shard?rank=0&mp=1"])
            assert served.process.wait(timeout=60) == 0
        assert not load.wrong


def test_a_storm_of_reloads_disturbs_nobody(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(SAMPLE.parent, folder)
    configuration = tmp_path / "config.yaml"
    text = f"checkpoints:\n  manifests:\n    - path: {folder}\n      name: gpt2-tiny\n"
    configuration.write_text(text)
    with Served(tmp_path, "--config", configuration, checkpoint=None) as served:
        before = served.descriptors
        revision = served.get_json("/manifests")[0]["revision"]
        with Load(served, [*TARGETS, f"/shard?rank=0&mp=2&revision={revision}"]) as load:
            for turn in range(30):
                served.signal(signal.SIGHUP)
                assert served.administer("POST", "/manifests/gpt2-tiny/reload")[0] in (200, 409)
                body = json.dumps({"path": str(folder)})
                assert served.administer("PUT", f"/manifests/other-{turn % 3}", body)[0] in (200, 201)
                assert served.administer("PUT", "/manifests/gpt2-tiny", json.dumps({"path": "/nowhere"}))[0] == 400
                for number in range(3):
                    assert served.administer("DELETE", f"/manifests/other-{number}")[0] in (204, 404)
                configuration.write_text(text if turn % 2 else text + "nonsense: 1\n")
        assert not [line for line in load.wrong if "several models" not in line], load.wrong
        assert load.done > 0
        served.wait(lambda: served.descriptors <= before + 16)
        assert [entry["state"] for entry in served.get_json("/manifests")] == ["ready"]
