"""Starts nginx and Apache Traffic Server with the configurations of deploy/, moved to ports and folders of their own."""
import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from daemon import REPOSITORY

DEPLOY = REPOSITORY / "deploy"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port, process, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens on {port}: {log()}")


@contextlib.contextmanager
def nginx(origin, with_tokens=False):
    """The URL of an nginx in front of a daemon."""
    with tempfile.TemporaryDirectory() as work:
        port = free_port()
        text = (DEPLOY / "nginx" / "weight-server.conf").read_text()
        for old, new in {
            "/var/cache/nginx/weight-server": f"{work}/cache", "server 127.0.0.1:8080;": f"server {origin.removeprefix('http://')};",
            "listen 8081;": f"listen 127.0.0.1:{port};", "max_size=400g": "max_size=1g", "slice 16m;": "slice 64k;",
        }.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        if with_tokens:
            for line in ("auth_request", "proxy_ignore_headers"):
                assert text.count("#" + line) == 1
                text = text.replace("#" + line, line)
        folders = "".join(
            f"{kind}_temp_path {work}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        pathlib.Path(work, "nginx.conf").write_text(
            f"daemon off; master_process off; pid {work}/pid; error_log {work}/error.log warn;\n"
            f"events {{ worker_connections 512; }}\nhttp {{ access_log off; {folders}\n{text}\n}}\n"
        )
        process = subprocess.Popen(["nginx", "-p", work, "-c", f"{work}/nginx.conf"], stderr=subprocess.DEVNULL)
        try:
            wait_for(port, process, lambda: pathlib.Path(work, "error.log").read_text())
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextlib.contextmanager
def traffic_server(origin):
    """The URL of an Apache Traffic Server in front of a daemon."""
    with tempfile.TemporaryDirectory() as work:
        base = pathlib.Path(work)
        base.chmod(0o755)
        port = free_port()
        for folder in ("etc", "cache", "log", "run"):
            (base / folder).mkdir()
        # Its package's own files, and ours in place of some.
        for file in pathlib.Path("/etc/trafficserver").iterdir():
            if file.is_file():
                shutil.copy(file, base / "etc" / file.name)
        shutil.copytree("/etc/trafficserver/body_factory", base / "etc" / "body_factory", dirs_exist_ok=True)
        records = (DEPLOY / "trafficserver" / "records.config").read_text()
        assert "server_ports STRING 8082" in records
        records = records.replace("server_ports STRING 8082", f"server_ports STRING {port}:ip-in=127.0.0.1")
        records += "\n".join(
            ["", "CONFIG proxy.config.admin.user_id STRING #-1", "CONFIG proxy.config.exec_thread.autoconfig INT 0",
             "CONFIG proxy.config.exec_thread.limit INT 2", "CONFIG proxy.config.cache.ram_cache.size INT 8388608",
             "CONFIG proxy.config.diags.output.note STRING E", "CONFIG proxy.config.log.logging_enabled INT 0", ""]
        )
        (base / "etc" / "records.config").write_text(records)
        remap = (DEPLOY / "trafficserver" / "remap.config").read_text()
        assert remap.count("http://127.0.0.1:8080/") == 1
        (base / "etc" / "remap.config").write_text(remap.replace("http://127.0.0.1:8080", origin))
        (base / "etc" / "storage.config").write_text(f"{base}/cache 256M\n")
        (base / "runroot.yaml").write_text(
            f"prefix: {base}\nexec_prefix: {base}\nbindir: /usr/bin\nsbindir: /usr/sbin\nsysconfdir: {base}/etc\n"
            f"datadir: {base}/cache\nincludedir: /usr/include\nlibdir: /usr/lib/trafficserver\n"
            f"libexecdir: {modules()}\nlocalstatedir: {base}/run\nruntimedir: {base}/run\nlogdir: {base}/log\n"
            f"cachedir: {base}/cache\n"
        )
        log = (base / "out").open("wb")
        process = subprocess.Popen(
            ["traffic_server", f"--run-root={base}/runroot.yaml"], stdout=log, stderr=subprocess.STDOUT,
            env={**os.environ, "TS_RUNROOT": f"{base}/runroot.yaml"},
        )
        try:
            wait_for(port, process, lambda: (base / "out").read_text()[-3000:])
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def modules():
    [found] = [path.parent for path in pathlib.Path("/usr/lib").rglob("cache_range_requests.so")]
    return found
