"""A daemon that a test does things to, and raw connections to it."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from daemon import SAMPLE, binary


class Served:
    """A running daemon. Changes of what it serves go over its Unix socket, as its own user."""

    def __init__(self, folder, *arguments, checkpoint=SAMPLE, environment=None, before=None, wrapper=()):
        self.folder = pathlib.Path(folder)
        self.log = self.folder / "log"
        self.socket = self.folder / "ws.sock"
        self.environment = {
            **os.environ, "SWIFT_BACKTRACE": "enable=no", "WEIGHT_SERVER_CACHE_FOLDER": str(self.folder / "cache"),
            **(environment or {}),
        }
        self.command = [
            *wrapper, binary(), "serve", "--listen", "127.0.0.1:0", "--listen", f"unix:{self.socket}",
            *map(str, arguments), *([str(checkpoint)] if checkpoint else []),
        ]
        self.before = before
        self.start()

    def start(self):
        with open(self.log, "ab") as errors:
            self.process = subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=errors, env=self.environment, cwd=self.folder,
                preexec_fn=self.before,
            )
        line = self.process.stdout.readline().decode()
        assert line.startswith("listening on "), (line, self.text)
        self.port = int(line.rsplit(":", 1)[1])
        deadline = time.monotonic() + 60
        while any(entry["state"] == "loading" for entry in self.get_json("/manifests")):
            assert time.monotonic() < deadline, self.text

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        assert kind or status == 0, (status, self.text[-3000:])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def text(self):
        return self.log.read_text(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def hang_up(self):
        """Has the configuration read again, and waits until it was."""
        done = self.text.count("configuration was ")
        self.signal(signal.SIGHUP)
        self.wait(lambda: self.text.count("configuration was ") > done)

    def wait(self, holds, seconds=60):
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.text[-3000:]
            time.sleep(0.01)

    def get(self, target, fields=None):
        """Status, body and fields of an answer."""
        try:
            with urllib.request.urlopen(
                urllib.request.Request(self.url + target, headers=fields or {}), timeout=60
            ) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers

    def get_json(self, target):
        return json.loads(self.get(target)[1])

    def administer(self, method, target, body=""):
        """Status and JSON of a change."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(str(self.socket))
            client.sendall(
                f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            status, _, content = Answers(client).next()
        return status, json.loads(content) if content else None

    def connect(self, buffer=0):
        client = socket.socket()
        if buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.settimeout(60)
        client.connect(("127.0.0.1", self.port))
        return client

    def ask(self, data):
        """All answers to some bytes, up to the end of the stream, which must come: the sending direction is ended."""
        with self.connect() as client:
            try:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # It has answered and closed already.
            return Answers(client).all()

    @property
    def kibibytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))


class Answers:
    """Reads answers off a socket one after the other, trusting nothing but their framing."""

    def __init__(self, client):
        self.client = client
        self.data = bytearray()

    def more(self):
        try:
            chunk = self.client.recv(1 << 18)
        except ConnectionResetError:
            chunk = b""
        self.data += chunk
        return bool(chunk)

    def take(self, count):
        part = bytes(memoryview(self.data)[:count])
        del self.data[:count]
        return part

    def next(self):
        """Status, fields and body of the next answer; None at the end of the stream."""
        while (end := self.data.find(b"\r\n\r\n", 0, 1 << 16)) < 0:
            if not self.more():
                assert not self.data, bytes(self.data[:200])
                return None
        lines = self.take(end + 4).decode("latin-1").split("\r\n")[:-2]
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        status = int(lines[0].split()[1])
        length = 0 if status == 304 else int(fields.get("content-length", 0))
        while len(self.data) < length:
            assert self.more(), "the body is cut"
        return status, fields, self.take(length)

    def all(self):
        answers = []
        while answer := self.next():
            answers.append(answer)
        return answers
