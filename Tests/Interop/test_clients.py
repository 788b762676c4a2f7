"""Python's HTTP clients: whole, in ranges, resumed, conditional, over a kept connection and a Unix socket."""
import http.client
import socket

import pytest
import requests

from daemon import SAMPLE, daemon, get, get_json

SHARD = "/shard?rank=1&mp=2"


@pytest.fixture(scope="module")
def whole(sample_url):
    return get(sample_url + SHARD)[0]


def test_urllib_gets_any_range(sample_url, whole):
    for begin, end in [(0, 0), (0, 63), (1000, 100_000), (len(whole) - 1, len(whole) - 1), (5, len(whole) + 99)]:
        body, fields = get(sample_url + SHARD, {"Range": f"bytes={begin}-{end}"})
        assert body == whole[begin : end + 1]
        assert fields["Content-Range"] == f"bytes {begin}-{min(end, len(whole) - 1)}/{len(whole)}"


def test_requests_resumes_with_if_range(sample_url, whole):
    with requests.Session() as session:
        first = session.get(sample_url + SHARD, headers={"Range": "bytes=0-99999"})
        assert first.status_code == 206
        rest = session.get(sample_url + SHARD, headers={"Range": "bytes=100000-", "If-Range": first.headers["ETag"]})
        assert rest.status_code == 206
        assert first.content + rest.content == whole
        changed = session.get(sample_url + SHARD, headers={"Range": "bytes=100000-", "If-Range": '"another"'})
        assert changed.status_code == 200
        assert changed.content == whole


def test_requests_is_told_that_nothing_changed(sample_url):
    tag = requests.head(sample_url + SHARD).headers["ETag"]
    answer = requests.get(sample_url + SHARD, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_requests_sees_the_error_of_a_refusal(sample_url):
    answer = requests.get(f"{sample_url}/shard", params={"rank": 4, "mp": 4})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_argument"
    assert "ranks are 0...3" in answer.json()["message"]


def test_one_connection_serves_many_requests(sample_url, whole):
    connection = http.client.HTTPConnection(sample_url.removeprefix("http://"))
    connection.connect()
    port = connection.sock.getsockname()[1]
    for _ in range(20):
        connection.request("GET", SHARD)
        assert connection.getresponse().read() == whole
        assert connection.sock.getsockname()[1] == port
    connection.close()


def test_a_unix_socket_serves_the_same(whole, tmp_path):
    path = tmp_path / "ws.sock"
    with daemon(SAMPLE, listen=f"unix:{path}"):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(path))
        while True:
            connection.request("GET", SHARD)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 503:
                break
        assert body == whole


def test_the_manifest_is_described(sample_url):
    [summary] = get_json(f"{sample_url}/manifests")
    assert (summary["name"], summary["state"], summary["source_mp"]) == ("gpt2-tiny", "ready", 2)
