"""Tokens as requests, urllib and huggingface_hub's habits send them; the file is made with hashlib."""
import hashlib
import os

import pytest
import requests

from daemon import SAMPLE, daemon

TOKENS = {"reader": "read", "stranger": "read manifests=other-*", "chief": "admin"}


def secret(name):
    return f"ws_{name}_{'0' * 40}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokens")
    lines = [f"{n} {hashlib.sha256(secret(n).encode()).hexdigest()} {rest}\n" for n, rest in TOKENS.items()]
    (folder / "tokens").write_text("".join(lines))
    (folder / "tokens").chmod(0o600)
    (folder / "config.yaml").write_text(
        f"tokens:\n  file: tokens\ncheckpoints:\n  manifests:\n    - path: {SAMPLE}\n"
    )
    with daemon("--config", folder / "config.yaml") as url:
        yield url


class Bearer(requests.auth.AuthBase):
    def __init__(self, name):
        self.name = name

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {secret(self.name)}"
        return request


def test_a_reader_gets_every_range(guarded):
    with requests.Session() as session:
        session.auth = Bearer("reader")
        whole = session.get(f"{guarded}/shard", params={"rank": 0, "mp": 2})
        assert whole.status_code == 200
        part = session.get(whole.url, headers={"Range": "bytes=100-199", "If-Range": whole.headers["ETag"]})
        assert (part.status_code, part.content) == (206, whole.content[100:200])
        assert session.head(whole.url).headers["Content-Length"] == str(len(whole.content))


def test_who_shows_no_token_is_asked_for_one(guarded):
    for path in ["/shard?rank=0&mp=2", "/manifests", "/stats", "/metrics", "/nothing"]:
        answer = requests.get(guarded + path)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["code"] == "unauthenticated"
    for path in ["/healthz", "/readyz", "/"]:
        assert requests.get(guarded + path).status_code == 200


def test_user_names_and_passwords_are_no_tokens(guarded):
    assert requests.get(f"{guarded}/manifests", auth=("reader", secret("reader"))).status_code == 401
    assert requests.get(f"{guarded}/manifests", params={"token": secret("reader")}).status_code == 401


def test_a_stranger_learns_nothing(guarded):
    with requests.Session() as session:
        session.auth = Bearer("stranger")
        assert session.get(f"{guarded}/manifests").json() == []
        hidden = session.get(f"{guarded}/manifests/gpt2-tiny")
        absent = session.get(f"{guarded}/manifests/gpt2-tinz")
        assert (hidden.status_code, absent.status_code) == (404, 404)
        assert hidden.text.replace("tiny", "tinz") == absent.text


def test_changing_needs_the_admin_scope(guarded):
    reload = f"{guarded}/manifests/gpt2-tiny/reload"
    assert requests.post(reload, auth=Bearer("reader")).json()["code"] == "permission_denied"
    assert requests.post(reload, auth=Bearer("stranger")).status_code == 403
    assert requests.post(reload, auth=Bearer("chief")).status_code == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")
def test_another_user_of_the_unix_socket_is_not_the_operator(tmp_path):
    import http.client
    import socket

    class Connection(http.client.HTTPConnection):
        def __init__(self, path):
            super().__init__("localhost")
            self.path = path

        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(self.path)

    path = f"/tmp/ws-access-{os.getpid()}.sock"
    with daemon(SAMPLE, listen=f"unix:{path}"):
        os.chmod(path, 0o666)

        def reload():
            connection = Connection(path)
            connection.request("POST", "/manifests/gpt2-tiny/reload")
            answer = connection.getresponse()
            answer.read()
            return answer.status

        while reload() in (404, 503):
            pass
        assert reload() == 200
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgid(65534)
                os.setuid(65534)
                os.write(writing, str(reload()).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reading, 16) == b"403"
