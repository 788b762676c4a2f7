"""Starts the built weight-server for a test, and stops it."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = REPOSITORY / "Sample" / "gpt2-tiny" / "manifest.json"
FIXTURES = REPOSITORY / "Tests" / "Fixtures" / "conformance"


def binary():
    path = os.environ.get("BINARY_UNDER_TEST")
    if not path:
        raise RuntimeError("BINARY_UNDER_TEST is to name the built weight-server; `make interop` does")
    return os.path.abspath(path)


@contextlib.contextmanager
def daemon(*arguments, listen="127.0.0.1:0"):
    """The URL of a daemon on a port of its own, ready; it is stopped by SIGTERM and must then end with 0."""
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [binary(), "serve", "--listen", listen, *map(str, arguments)], cwd=work, stdout=subprocess.PIPE, stderr=log
        )
        try:
            line = process.stdout.readline().decode()
            assert line.startswith("listening on "), (line, errors(log))
            url = line.split()[-1]
            if url.startswith("http"):
                wait_until_ready(url, process)
            yield url
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0, errors(log)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def errors(log):
    log.seek(0)
    return log.read().decode(errors="replace")[-2000:]


def wait_until_ready(url, process):
    while process.poll() is None:
        try:
            return urllib.request.urlopen(f"{url}/readyz", timeout=60).read()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            time.sleep(0.01)
    raise RuntimeError("the daemon ended before it was ready")


def get(url, headers=None):
    """A body and its header fields."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=60) as answer:
        return answer.read(), answer.headers


def get_json(url):
    return json.loads(get(url)[0])
