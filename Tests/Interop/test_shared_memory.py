"""A partition's descriptor over a Unix socket, asked for by hand: what docs/reference.md says, by any language's means."""
import contextlib
import json
import mmap
import os
import re
import socket
import subprocess
import sys

import pytest

from daemon import SAMPLE, daemon

ASK = """\
HEAD /shard?rank={rank}&mp=2 HTTP/1.1\r
Host: localhost\r
Connection: Accept-Descriptor\r
Accept-Descriptor: memfd\r
\r
"""


def exchange(connection, request):
    """The head of an answer, and the descriptors that came beside it."""
    connection.sendall(request.encode())
    head, descriptors = b"", []
    while b"\r\n\r\n" not in head:
        data, passed, _, _ = socket.recv_fds(connection, 65536, 8)
        assert data, head
        head += data
        descriptors += passed
    return head.decode(), descriptors


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return connection


def get(path, target):
    with connect(path) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    return answer.partition(b"\r\n\r\n")[2]


def statistics(path):
    return json.loads(get(path, "/stats"))["shared_memory"]


@contextlib.contextmanager
def sharing(tmp_path, monkeypatch, budget="auto"):
    path = tmp_path / "s"
    monkeypatch.setenv("WEIGHT_SERVER_SHARED_MEMORY_BYTES", str(budget))
    with daemon(SAMPLE, listen=f"unix:{path}"):
        while b'"ready"' not in get(path, "/readyz"):
            pass
        yield path


CHILD = """
import hashlib, mmap, os, socket, sys
sys.path.insert(0, sys.argv[2])
from test_shared_memory import ASK, connect, exchange
head, (descriptor,) = exchange(connect(sys.argv[1]), ASK.format(rank=1))
view = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
print(os.fstat(descriptor).st_ino, hashlib.sha256(view).hexdigest())
"""


def test_two_processes_map_one_copy(tmp_path, monkeypatch):
    with sharing(tmp_path, monkeypatch) as path:
        found = {
            subprocess.run(
                [sys.executable, "-c", CHILD, str(path), os.path.dirname(__file__)],
                capture_output=True, text=True, check=True,
            ).stdout
            for _ in range(2)
        }  # fmt: skip
        assert len(found) == 1, found
        head, (descriptor,) = exchange(connect(path), ASK.format(rank=1))
        body = get(path, "/shard?rank=1&mp=2")
        assert mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)[:] == body
        assert re.search(r"(?im)^content-descriptor: memfd\r$", head)
        assert re.search(r"(?im)^connection: content-descriptor\r$", head)
        assert re.search(rf"(?im)^content-length: {len(body)}\r$", head)
        assert statistics(path)["partitions"] == 1
        assert statistics(path)["handed_out"] == 3
        os.close(descriptor)


def test_nobody_can_change_what_was_given(tmp_path, monkeypatch):
    with sharing(tmp_path, monkeypatch) as path:
        _, (descriptor,) = exchange(connect(path), ASK.format(rank=0))
        before = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)[:]
        # The daemon's own user, as here, may open it for writing: the seals hold all the same.
        again = os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR)
        for change in (
            lambda: os.write(again, b"x"), lambda: os.ftruncate(again, 1), lambda: os.ftruncate(again, 1 << 30),
            lambda: mmap.mmap(again, 0),
        ):  # fmt: skip
            with pytest.raises(PermissionError):
                change()
        assert mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)[:] == before


def test_who_does_not_ask_for_this_connection_gets_none(tmp_path, monkeypatch):
    with sharing(tmp_path, monkeypatch) as path:
        with connect(path) as connection:
            for request in (
                ASK.replace("Connection: Accept-Descriptor\r\n", ""), ASK.replace("memfd", "dmabuf"),
                ASK.replace("HEAD", "GET").replace("shard", "plan"),
            ):  # fmt: skip
                with connect(path) as connection:
                    head, descriptors = exchange(connection, request.format(rank=0))
                assert not descriptors and "content-descriptor" not in head.lower(), request
                assert head.startswith("HTTP/1.1 200 "), head


def test_over_tcp_nobody_gets_one():
    with daemon(SAMPLE) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(ASK.format(rank=0).encode())
            head = connection.recv(65536).decode()
        assert head.startswith("HTTP/1.1 200 ") and "content-descriptor" not in head.lower()


def test_what_is_mapped_is_not_dropped_for_another(tmp_path, monkeypatch):
    with sharing(tmp_path, monkeypatch) as path:
        size = len(get(path, "/shard?rank=0&mp=2"))
    with sharing(tmp_path, monkeypatch, budget=size + size // 2) as path:
        _, (descriptor,) = exchange(connect(path), ASK.format(rank=0))
        view = mmap.mmap(descriptor, 0, prot=mmap.PROT_READ)
        os.close(descriptor)
        head, descriptors = exchange(connect(path), ASK.format(rank=1))
        assert not descriptors and head.startswith("HTTP/1.1 200 "), "there is room for one, which is mapped"
        view.close()
        _, descriptors = exchange(connect(path), ASK.format(rank=1))
        assert len(descriptors) == 1, "what nobody maps any more goes"
        assert statistics(path) == {
            "budget_bytes": size + size // 2, "bytes": os.fstat(descriptors[0]).st_size, "partitions": 1,
            "handed_out": 2,
        }  # fmt: skip


def test_a_refusal_comes_with_no_descriptor(tmp_path, monkeypatch):
    with sharing(tmp_path, monkeypatch, budget=0) as path:
        head, descriptors = exchange(connect(path), ASK.format(rank=0))
        assert not descriptors and head.startswith("HTTP/1.1 200 ")
        head, descriptors = exchange(connect(path), ASK.format(rank=9))
        assert not descriptors and head.startswith("HTTP/1.1 400 ")
