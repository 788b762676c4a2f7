"""The systemd unit: read by systemd's own checker, and what the daemon tells its service manager."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

from daemon import REPOSITORY, SAMPLE, binary, get

UNITS = REPOSITORY / "deploy" / "systemd"
analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")


@analyze
def test_systemd_finds_no_fault_with_the_units(tmp_path):
    for unit in UNITS.iterdir():
        # Only the program's place differs: it is not installed here.
        (tmp_path / unit.name).write_text(unit.read_text().replace("/usr/bin/weight-server", binary()))
    units = [str(tmp_path / unit.name) for unit in UNITS.iterdir()]
    check = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60)
    assert (check.returncode, check.stderr) == (0, "")


@analyze
def test_the_unit_is_exposed_to_little():
    unit = str(UNITS / "weight-server.service")
    check = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit], capture_output=True, text=True, timeout=60
    )
    assert check.returncode == 0, check.stdout + check.stderr
    level = re.search(r"exposure level for weight-server.service: ([0-9.]+)", check.stdout)
    assert float(level[1]) <= 2.0


@contextlib.contextmanager
def supervised(tmp_path, name, *arguments, **variables):
    """A daemon whose service manager is this test."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind("\0" + name[1:] if name.startswith("@") else name)
    manager.settimeout(30)
    process = subprocess.Popen(
        [binary(), "serve", *map(str, arguments)], env={**os.environ, "NOTIFY_SOCKET": name, **variables},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    try:
        yield process, manager
    finally:
        process.kill()
        process.wait()
        manager.close()


def message(manager, wanted):
    """The next message that has an assignment, as a dictionary."""
    while True:
        assignments = dict(line.split("=", 1) for line in manager.recv(4096).decode().split("\n"))
        if wanted in assignments:
            return assignments


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_the_manager_hears_of_every_state(tmp_path, kind):
    name = str(tmp_path / "notify") if kind == "path" else f"@weight-server-test-{os.getpid()}"
    config = tmp_path / "config.yaml"
    config.write_text(f"listen: ['127.0.0.1:0']\ncheckpoints:\n  manifests: ['{SAMPLE}']\n")
    with supervised(tmp_path, name, "--config", config) as (process, manager):
        assert message(manager, "READY")["READY"] == "1"
        # It listens before it says that it is ready.
        assert process.stdout.readline().startswith(b"listening on ")
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        process.send_signal(signal.SIGHUP)
        reloading = message(manager, "RELOADING")
        assert before <= int(reloading["MONOTONIC_USEC"]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert message(manager, "READY")["READY"] == "1"
        process.send_signal(signal.SIGTERM)
        assert message(manager, "STOPPING")["STOPPING"] == "1"
        assert process.wait(timeout=60) == 0


def test_the_watchdog_is_fed_as_often_as_it_wants(tmp_path):
    with supervised(
        tmp_path, str(tmp_path / "notify"), "--listen", "127.0.0.1:0", SAMPLE, WATCHDOG_USEC="400000"
    ) as (process, manager):
        message(manager, "READY")
        times = []
        for _ in range(5):
            assert "checkpoint" in message(manager, "WATCHDOG")["STATUS"]
            times.append(time.monotonic())
        assert all(later - earlier < 0.4 for earlier, later in zip(times, times[1:]))
        # A process that stands still says nothing, and would be ended.
        process.send_signal(signal.SIGSTOP)
        manager.settimeout(1)
        with pytest.raises(TimeoutError):
            while True:
                message(manager, "WATCHDOG")


def activated(listener, *arguments):
    """A daemon that gets a listening socket as its descriptor 3, as sd_listen_fds(3) says."""
    return subprocess.Popen(
        ["bash", "-c", f'exec 3<&{listener.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"', "bash", binary(), "serve",
         *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[listener.fileno()],
    )


@pytest.mark.parametrize("family", ["tcp", "unix"])
def test_a_socket_that_was_passed_is_taken_over(tmp_path, family):
    path = tmp_path / "socket"
    listener = socket.socket(socket.AF_INET if family == "tcp" else socket.AF_UNIX)
    listener.bind(("127.0.0.1", 0) if family == "tcp" else str(path))
    listener.listen()
    address = f"127.0.0.1:{listener.getsockname()[1]}" if family == "tcp" else f"unix:{path}"
    # A client that connects before the daemon runs is answered by it.
    client = socket.socket(listener.family)
    client.connect(listener.getsockname())
    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for _ in range(2):
        process = activated(listener, "--listen", address, SAMPLE)
        try:
            client.settimeout(30)
            assert client.recv(12) == b"HTTP/1.1 200"
            process.terminate()
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
            process.wait()
        # The socket outlives the daemon: a client that comes between two of them is refused by neither.
        client.close()
        client = socket.socket(listener.family)
        client.connect(listener.getsockname())
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    client.close()
    assert family == "tcp" or path.exists()


def test_a_socket_that_no_address_names_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = activated(listener, "--listen", "127.0.0.1:0", SAMPLE)
        try:
            url = process.stdout.readline().decode().split()[-1]
            assert get(url + "/healthz")
            process.terminate()
            errors = process.communicate(timeout=60)[1].decode()
            assert f"127.0.0.1:{listener.getsockname()[1]}" in errors and "no address of listen names" in errors
        finally:
            process.kill()
            process.wait()
