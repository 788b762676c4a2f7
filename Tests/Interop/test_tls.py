"""TLS as others speak it: openssl s_client, curl, Python's ssl and requests, nginx's own way of closing."""
import concurrent.futures
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

import pytest
import requests

from daemon import REPOSITORY, SAMPLE, binary, errors

SHARD = "/shard?rank=1&mp=2"
MAKE_CA = REPOSITORY / "deploy" / "make-test-ca"


def make(folder, *arguments, **environment):
    subprocess.run([MAKE_CA, folder, *arguments], check=True, capture_output=True, env=dict(os.environ, **environment))


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ca")
    make(folder)
    make(folder, "client", "worker-3")
    make(folder, "client", "intruder")
    make(folder, "server", "rsa", "localhost", "127.0.0.1", KEY="rsa")
    make(folder, "server", "old", "localhost", "127.0.0.1", DAYS="-1")
    make(folder, "client", "old-client", DAYS="-1")
    return folder


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    make(folder)
    return folder


class Served:
    def __init__(self, url, process, log, folder):
        self.url, self.process, self.log, self.folder = url, process, log, folder
        self.port = int(url.rsplit(":", 1)[1])

    def log_text(self):
        # Not by read: the daemon writes at the same offset of the file.
        return os.pread(self.log.fileno(), 1 << 24, 0).decode()

    def wait_for_log(self, words, seconds=10):
        """A line is written when its cause is over for the client already."""
        deadline = time.time() + seconds
        while words not in (text := self.log_text()):
            assert time.time() < deadline, f"{words!r} is not in the log: {text}"
            time.sleep(0.02)

    def stats(self, ca, **options):
        return requests.get(self.url + "/stats", verify=str(ca / "ca.pem"), **options).json()


@contextlib.contextmanager
def secure(ca, certificate="server", listen="https://127.0.0.1:0", lines="", **environment):
    """A daemon that speaks TLS with a certificate of an authority; `lines` go into its tls section."""
    with tempfile.TemporaryDirectory() as work, tempfile.TemporaryFile() as log:
        folder = pathlib.Path(work)
        for end in ("pem", "key"):
            shutil.copy(ca / f"{certificate}.{end}", folder / f"own.{end}")
        (folder / "config.yaml").write_text(f"tls:\n  certificate: own.pem\n  key: own.key\n{lines}")
        process = subprocess.Popen(
            [binary(), "serve", "--config", folder / "config.yaml", "--listen", listen, SAMPLE],
            cwd=work, stdout=subprocess.PIPE, stderr=log, env=dict(os.environ, **environment))
        try:
            line = process.stdout.readline().decode()
            assert line.startswith("listening on https://"), (line, errors(log))
            yield Served(line.split()[-1], process, log, folder)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0, errors(log)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def server(ca):
    with secure(ca, LIMITS="") as served:
        wait(served, ca)
        yield served


def wait(served, ca, **options):
    deadline = time.time() + 30
    while requests.get(served.url + "/readyz", verify=str(ca / "ca.pem"), **options).status_code != 200:
        assert time.time() < deadline
        time.sleep(0.02)


def curl(*arguments, data=None):
    return subprocess.run(["curl", "-sS", *map(str, arguments)], capture_output=True, input=data, timeout=60)


def s_client(port, *arguments, data=b"", wait_for=None):
    """What openssl s_client says; `data` is sent, and its input then ends."""
    result = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *map(str, arguments)], input=data, capture_output=True, timeout=60)
    return (result.stdout + result.stderr).decode(errors="replace")


@pytest.fixture(scope="module")
def whole(server, ca):
    return requests.get(server.url + SHARD, verify=str(ca / "ca.pem")).content


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_both_versions_are_spoken(server, ca, whole, version):
    answer = curl("--cacert", ca / "ca.pem", "--tls-max", version, f"--tlsv{version}", server.url + SHARD)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == whole


@pytest.mark.parametrize("option", ["-tls1", "-tls1_1"])
def test_older_versions_are_refused(server, ca, option):
    text = s_client(server.port, option, "-cipher", "ALL:@SECLEVEL=0", "-CAfile", ca / "ca.pem")
    assert "alert protocol version" in text or "no protocols available" in text, text
    assert "Verify return code: 0" not in text or "Cipher is (NONE)" in text, text


def test_the_least_version_can_be_raised(ca):
    with secure(ca, lines="  minimum_version: '1.3'\n") as served:
        assert curl("--cacert", ca / "ca.pem", "--tls-max", "1.2", served.url + "/healthz").returncode != 0
        assert curl("--cacert", ca / "ca.pem", served.url + "/healthz").returncode == 0


def test_what_is_agreed_on(server, ca):
    text = s_client(server.port, "-CAfile", ca / "ca.pem", "-alpn", "h2,http/1.1", "-servername", "localhost")
    assert "Verify return code: 0 (ok)" in text, text
    assert "ALPN protocol: http/1.1" in text, text
    assert "TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256" in text, text
    older = s_client(server.port, "-CAfile", ca / "ca.pem", "-tls1_2")
    assert "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256" in older, older
    assert "Secure Renegotiation IS supported" in older, older
    for weak in ("AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "NULL", "DES-CBC3-SHA"):
        refused = s_client(server.port, "-tls1_2", "-cipher", f"{weak}:@SECLEVEL=0")
        assert "Cipher is (NONE)" in refused or "no cipher match" in refused, (weak, refused)


def test_another_protocol_is_refused(server):
    text = s_client(server.port, "-alpn", "h2")
    assert "no application protocol" in text, text


def test_no_renegotiation(server, ca):
    text = s_client(server.port, "-tls1_2", "-CAfile", ca / "ca.pem", data=b"R\n")
    assert "no renegotiation" in text or "NO_RENEGOTIATION" in text.upper().replace(" ", "_"), text


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_resumed(server, ca, tmp_path, version):
    before = server.stats(ca)["tls"]
    ticket = tmp_path / "session.pem"
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    first = s_client(server.port, version, "-CAfile", ca / "ca.pem", "-sess_out", ticket, "-ign_eof", data=request)
    assert "200 OK" in first and ticket.exists(), first
    second = s_client(server.port, version, "-CAfile", ca / "ca.pem", "-sess_in", ticket, "-ign_eof", data=request)
    assert "Reused, TLS" in second and "200 OK" in second, second
    assert server.stats(ca)["tls"]["handshakes_resumed"] > before["handshakes_resumed"]


def test_reconnect(server):
    # Only with TLS 1.2: with 1.3 s_client does not wait for the ticket.
    text = s_client(server.port, "-tls1_2", "-reconnect")
    assert text.count("Reused, TLSv1.2") == 5, text


def test_python_gets_any_range(server, ca, whole):
    with requests.Session() as session:
        session.verify, session.trust_env = str(ca / "ca.pem"), False
        for begin, end in [(0, 0), (0, 63), (1000, 100_000), (len(whole) - 1, len(whole) - 1)]:
            answer = session.get(server.url + SHARD, headers={"Range": f"bytes={begin}-{end}"})
            assert answer.status_code == 206
            assert answer.content == whole[begin : end + 1]
        assert session.get(server.url + "/nothing").status_code == 404
        beyond = session.get(server.url + SHARD, headers={"Range": f"bytes={len(whole)}-"})
        assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")
        assert session.head(server.url + SHARD).headers["Content-Length"] == str(len(whole))


def test_wget_agrees(server, ca, whole):
    if not shutil.which("wget"):
        pytest.skip("no wget here")
    answer = subprocess.run(["wget", "-q", "-O", "-", "--ca-certificate", ca / "ca.pem", server.url + SHARD], capture_output=True)
    assert answer.stdout == whole


def test_one_connection_serves_many_requests(server, ca, whole):
    context = ssl.create_default_context(cafile=ca / "ca.pem")
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context)
    connection.connect()
    port = connection.sock.getsockname()[1]
    for _ in range(20):
        connection.request("GET", SHARD)
        assert connection.getresponse().read() == whole
        assert connection.sock.getsockname()[1] == port
    connection.close()


@pytest.mark.parametrize("says_so", [True, False])
def test_who_has_ended_its_direction_is_answered(server, ca, whole, says_so):
    """With close_notify and without it, FIN before the answer."""
    context = ssl.create_default_context(cafile=ca / "ca.pem")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                incoming.write(raw.recv(65536))
        session.write(f"GET {SHARD} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        if says_so:
            with contextlib.suppress(ssl.SSLWantReadError):
                session.unwrap()
        raw.sendall(outgoing.read())
        raw.shutdown(socket.SHUT_WR)
        received = b""
        while True:
            try:
                piece = session.read(65536)
                if not piece:
                    break
                received += piece
                continue
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                break
            block = raw.recv(65536)
            assert block, "the stream was cut without close_notify"
            incoming.write(block)
        assert received.split(b"\r\n\r\n", 1)[1] == whole


def test_plain_http_is_told(server, ca):
    before = server.stats(ca)["tls"]["handshakes_failed"]
    answer = requests.get(f"http://127.0.0.1:{server.port}/healthz")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_argument" and "https://" in answer.json()["message"]
    assert server.stats(ca)["tls"]["handshakes_failed"] == before + 1
    server.wait_for_log("speaks TLS")
    assert len([line for line in server.log_text().splitlines() if "speaks TLS" in line]) == 1


@pytest.mark.parametrize(
    "garbage", [b"\x00" * 64, os.urandom(4096), b"\x16\x03\x01\x40\x00" + b"A" * 16384, b"\x16\x03\x01\xff\xff", b"\x15\x03\x03\x00\x02\x02\x28",
                b"SSH-2.0-x\r\n", b"\x80\x2e\x01\x00\x02"])
def test_garbage_is_closed(server, ca, garbage):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
        raw.sendall(garbage)
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):
            pass
    assert requests.get(server.url + "/healthz", verify=str(ca / "ca.pem")).status_code == 200


def test_garbage_is_logged_in_a_line_and_counted(ca):
    with secure(ca) as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as raw:
            raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(508))
            while raw.recv(4096):
                pass
        assert served.stats(ca)["tls"]["handshakes_failed"] == 1
        served.wait_for_log("handshake")
        lines = [line for line in served.log_text().splitlines() if "handshake" in line]
        assert len(lines) == 1 and "TLS handshake failed" in lines[0] and "127.0.0.1" in lines[0], lines


def test_a_slow_handshake_is_cut(ca):
    with secure(ca, lines="limits:\n  head_seconds: 0.3\n") as served:
        for opening in (b"", b"\x16\x03\x01\x02"):
            with socket.create_connection(("127.0.0.1", served.port), timeout=30) as raw:
                raw.sendall(opening)
                start = time.monotonic()
                assert raw.recv(100) == b""
                assert 0.2 < time.monotonic() - start < 10
        assert served.stats(ca)["tls"]["handshakes_failed"] == 2
        served.wait_for_log("took longer than")


def test_a_client_does_not_trust_what_it_should_not(server, ca, foreign):
    assert curl("--cacert", foreign / "ca.pem", server.url + "/healthz").returncode == 60
    assert curl("--cacert", ca / "ca.pem", f"https://127.0.0.2:{server.port}/healthz", "--connect-to", f"::127.0.0.1:{server.port}").returncode == 60
    with secure(ca, "old") as served:
        assert b"expired" in curl("--cacert", ca / "ca.pem", served.url + "/healthz").stderr
        served.wait_for_log("the certificate has ended")


CLIENTS = "  client_certificates: {mode}\n  client_authority: {ca}/ca.pem\n  allowed_subjects: ['worker-*', 'urn:weight-server:client']\n"


def certificate(folder, name):
    return {"cert": (str(folder / f"{name}.pem"), str(folder / f"{name}.key")), "verify": True}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_clients_are_known_by_their_certificates(ca, foreign, version):
    with secure(ca, lines=CLIENTS.format(mode="require", ca=ca)) as served:

        def status(folder=None, name=None):
            context = ssl.create_default_context(cafile=ca / "ca.pem")
            context.minimum_version = context.maximum_version = version
            if name:
                context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
            connection = http.client.HTTPSConnection("127.0.0.1", served.port, context=context)
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            body = json.loads(answer.read())
            return answer.status, body.get("code"), answer.headers

        assert status(ca, "worker-3")[:2] == (200, None)
        code, name, headers = status()
        assert (code, name) == (401, "unauthenticated") and headers["WWW-Authenticate"]
        assert status(ca, "intruder")[:2] == (403, "permission_denied")
        for folder, stranger in ((foreign, "client"), (ca, "old-client")):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                status(folder, stranger)
        served.wait_for_log("certificate has expired")


def test_a_certificate_may_be_optional(ca):
    with secure(ca, lines=CLIENTS.format(mode="optional", ca=ca)) as served:
        assert curl("--cacert", ca / "ca.pem", "-w", "%{http_code}", "-o", "/dev/null", served.url + "/healthz").stdout == b"200"
        for name, expected in (("worker-3", b"200"), ("intruder", b"403")):
            answer = curl("--cacert", ca / "ca.pem", "--cert", ca / f"{name}.pem", "--key", ca / f"{name}.key", "-w", "%{http_code}",
                          "-o", "/dev/null", served.url + "/healthz")
            assert answer.stdout == expected, answer.stderr


def test_a_resumed_session_is_known_too(ca, tmp_path):
    with secure(ca, lines=CLIENTS.format(mode="require", ca=ca)) as served:
        ticket = tmp_path / "session.pem"
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        own = ["-CAfile", ca / "ca.pem", "-cert", ca / "worker-3.pem", "-key", ca / "worker-3.key", "-ign_eof"]
        assert "200 OK" in s_client(served.port, *own, "-sess_out", ticket, data=request)
        resumed = s_client(served.port, "-CAfile", ca / "ca.pem", "-ign_eof", "-sess_in", ticket, data=request)
        assert "Reused, TLS" in resumed and "200 OK" in resumed, resumed


def test_large_keys_are_served(ca, whole):
    with secure(ca, "rsa") as served:
        wait(served, ca)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            bodies = pool.map(lambda _: requests.get(served.url + SHARD, verify=str(ca / "ca.pem")).content, range(32))
            assert all(body == whole for body in bodies)


def serial(port):
    certificate = ssl.get_server_certificate(("127.0.0.1", port))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def test_a_new_certificate_is_used_without_a_restart_and_no_request_fails(ca):
    with secure(ca) as served:
        wait(served, ca)
        (served.folder / "ca.pem").write_bytes((ca / "ca.pem").read_bytes())
        (served.folder / "ca.key").write_bytes((ca / "ca.key").read_bytes())
        expected = requests.get(served.url + SHARD, verify=str(ca / "ca.pem")).content
        stop = False

        def load(_):
            count = 0
            with requests.Session() as kept:
                while not stop:
                    assert requests.get(served.url + SHARD, verify=str(ca / "ca.pem")).content == expected
                    assert kept.get(served.url + "/healthz", verify=str(ca / "ca.pem")).status_code == 200
                    count += 1
            return count

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            workers = [pool.submit(load, number) for number in range(4)]
            try:
                seen = {serial(served.port)}
                for _ in range(3):
                    make(served.folder, "server", "own", "localhost", "127.0.0.1")
                    deadline = time.time() + 30
                    while serial(served.port) in seen:
                        assert time.time() < deadline, served.log_text()
                        time.sleep(0.05)
                    seen.add(serial(served.port))
                # A pair that does not belong together leaves the one before in place.
                before = serial(served.port)
                (served.folder / "own.key").write_bytes((ca / "client.key").read_bytes())
                deadline = time.time() + 30
                while "has changed and is not used" not in served.log_text():
                    assert serial(served.port) == before
                    assert time.time() < deadline
                    time.sleep(0.05)
                served.wait_for_log("do not belong together")
                assert serial(served.port) == before
            finally:
                stop = True
            assert sum(worker.result() for worker in workers) > 0


@pytest.mark.parametrize("lines, words", [
    ("tls:\n  certificate: none.pem\n", ["none.pem", "cannot be read", "No such file"]),
    ("tls:\n  certificate: {ca}/server.pem\n  key: {ca}/client.key\n", ["do not belong together"]),
    ("tls:\n  certificate: {ca}/server.pem\n  key: {ca}/ca.pem\n", ["holds no private key"]),
    ("tls:\n  certificate: {ca}/server.pem\n  key: {ca}/server.key\n  minimum_version: '1.1'\n", ["minimum_version", "1.2, 1.3"]),
    ("tls:\n  certificate: {ca}/server.pem\n  key: {ca}/server.key\n  ciphers: ROT13\n", ["ROT13", "openssl ciphers"]),
    ("tls:\n  certificate: {ca}/server.pem\n  key: {ca}/server.key\n  client_certificates: require\n", ["client_authority"]),
    ("tls:\n  certificate: {ca}/server.pem\n  key: {ca}/server.key\n  certifcate: x\n", ["did you mean tls.certificate"]),
    ("{{}}\n", ["tls.certificate"]),
])
def test_what_cannot_be_is_said_in_a_line(ca, tmp_path, lines, words):
    (tmp_path / "config.yaml").write_text(lines.format(ca=ca))
    result = subprocess.run(
        [binary(), "serve", "--config", tmp_path / "config.yaml", "--listen", "https://127.0.0.1:0", SAMPLE], capture_output=True, timeout=60)
    text = result.stderr.decode()
    assert result.returncode == 64, text
    assert len(text.splitlines()) == 1, text
    for word in words:
        assert word in text, text


def client(*arguments, **environment):
    return subprocess.run(
        [binary(), *map(str, arguments)], capture_output=True, text=True, timeout=60, env=dict(os.environ, **environment))


def test_pull_speaks_tls(server, ca, whole, tmp_path):
    file = tmp_path / "part.safetensors"
    before = server.stats(ca)["tls"]
    result = client("pull", "--mp", 2, "--rank", 1, "--ca", ca / "ca.pem", "-o", file, server.url)
    assert result.returncode == 0, result.stderr
    assert file.read_bytes() == whole
    listed = client("manifests", server.url, SSL_CERT_FILE=str(ca / "ca.pem"))
    assert listed.returncode == 0 and "gpt2-tiny" in listed.stdout, listed.stderr
    # By name too, and over several connections, the later of which go on with the first one's session.
    result = client("pull", "--mp", 2, "--ranks", "0-1", "--ca", ca / "ca.pem", "-o", f"{tmp_path}/", f"https://localhost:{server.port}/")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "gpt2-tiny-rank-1-of-2.safetensors").read_bytes() == whole
    assert server.stats(ca)["tls"]["handshakes_failed"] == before["handshakes_failed"]


def test_pull_trusts_no_one_else(server, ca, foreign, tmp_path):
    common = ["pull", "--mp", 2, "--rank", 1, "-o", tmp_path / "x"]
    for arguments, words in [
        (["--ca", foreign / "ca.pem", server.url], "not trusted"),
        ([server.url], "not trusted"),
        (["--ca", ca / "ca.pem", f"https://127.0.0.2:{server.port}"], ""),
        (["--ca", tmp_path / "none.pem", server.url], "cannot be read"),
        (["--ca", ca / "ca.pem", "--cert", ca / "client.pem", "--key", ca / "server.key", server.url], "do not belong together"),
    ]:
        result = client(*common, *arguments)
        assert result.returncode != 0 and words in result.stderr and len(result.stderr.splitlines()) == 1, result.stderr
    assert client(*common, "--key", ca / "client.key", server.url).returncode == 64
    assert not (tmp_path / "x").exists()


def test_pull_shows_its_certificate(ca, foreign, tmp_path):
    with secure(ca, lines=CLIENTS.format(mode="require", ca=ca)) as served:
        common = ["pull", "--mp", 2, "--rank", 1, "-o", tmp_path / "x", "--ca", ca / "ca.pem", served.url]
        own = ["--cert", ca / "worker-3.pem", "--key", ca / "worker-3.key"]
        assert client(*common, *own).returncode == 0
        assert "client certificate is needed" in client(*common).stderr
        assert "not among tls.allowed_subjects" in client(*common, "--cert", ca / "intruder.pem", "--key", ca / "intruder.key").stderr
        stranger = client(*common, "--cert", foreign / "client.pem", "--key", foreign / "client.key")
        assert stranger.returncode == 69 and "refused" in stranger.stderr, stranger.stderr


def test_pull_takes_a_cut_for_no_end(ca, tmp_path):
    """A server that ends a body in its middle without close_notify, and one that ends an endless body so."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca / "server.pem", ca / "server.key")
    for head in (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[]", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[]"):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                for _ in range(16):
                    raw, _ = listener.accept()
                    with contextlib.suppress(OSError):
                        stream = context.wrap_socket(raw, server_side=True)
                        stream.recv(65536)
                        stream.sendall(head)
                        # Python closes the socket without close_notify.
                        stream.close()

            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                running = pool.submit(serve)
                result = client("manifests", "--ca", ca / "ca.pem", f"https://127.0.0.1:{listener.getsockname()[1]}")
                listener.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(OSError):
                    running.result()
            assert result.returncode == 69, (head, result.stdout, result.stderr)
            assert "ended the connection" in result.stderr, result.stderr
