"""A cache in front of the daemon: one fetch for many workers, no mixed versions, and no way around a token."""
import concurrent.futures
import hashlib
import pathlib
import shutil
import time

import pytest
import requests

import proxies
from daemon import SAMPLE, daemon, get_json

CLIENTS = 32
ADMIN, READER, OTHER = ("admin-token-of-the-test", "reader-token-of-the-test", "token-of-another-team-in-the-test")
kinds = [
    pytest.param("nginx", marks=pytest.mark.skipif(not shutil.which("nginx"), reason="needs nginx")),
    pytest.param("traffic_server", marks=pytest.mark.skipif(not shutil.which("traffic_server"), reason="needs trafficserver")),
]


def sent(url, token=None):
    """Bytes of partitions that the daemon has sent, heads included."""
    headers = bearer(token) if token else {}
    deadline = time.monotonic() + 30
    while True:
        text = requests.get(f"{url}/metrics", headers=headers, timeout=60).text
        lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        # What has left is counted when it has ended.
        if lines.get('weight_server_requests_in_flight{route="/shard"}', "0") == "0":
            gets = [key for key in lines if key.startswith('weight_server_requests_total{route="/shard",method="GET"')]
            return int(lines.get('weight_server_response_bytes_total{route="/shard"}', 0)), sum(int(lines[key]) for key in gets)
        assert time.monotonic() < deadline
        time.sleep(0.05)


def fetch(url, headers=None):
    answer = requests.get(url, headers=headers, timeout=120)
    return answer.status_code, hashlib.sha256(answer.content).hexdigest(), len(answer.content)


def copy_of_sample(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(pathlib.Path(SAMPLE).parent, folder)
    return folder / "manifest.json"


def change(manifest):
    """Puts another file in the place of one, as a training run does."""
    file = sorted(manifest.parent.glob("*.pt"))[0]
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 0xFF
    replacement = manifest.parent / "replacement"
    replacement.write_bytes(changed)
    replacement.replace(file)


def with_tokens(tmp_path, monkeypatch):
    """Has daemons of this test want tokens."""
    lines = [(ADMIN, "ops", "read,admin"), (READER, "ci", "read"), (OTHER, "else", "read manifests=other-*")]
    file = tmp_path / "tokens"
    file.write_text("".join(f"{name} {hashlib.sha256(token.encode()).hexdigest()} {may}\n" for token, name, may in lines))
    file.chmod(0o600)
    monkeypatch.setenv("WEIGHT_SERVER_TOKENS_FILE", str(file))


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("kind", kinds)
def test_one_partition_for_many_workers_leaves_the_daemon_once(kind):
    with daemon(SAMPLE) as origin, getattr(proxies, kind)(origin) as cache:
        revision = get_json(f"{origin}/manifests")[0]["revision"]
        target = f"/shard?rank=1&mp=2&revision={revision}"
        expected = requests.get(origin + target, timeout=60).content
        before = sent(origin)
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(fetch, [cache + target] * CLIENTS))
        assert set(answers) == {(200, hashlib.sha256(expected).hexdigest(), len(expected))}
        after = sent(origin)
        # One partition, and a head for each piece of it.
        heads = 1024 * (after[1] - before[1])
        assert len(expected) <= after[0] - before[0] <= len(expected) + heads, (before, after)
        print(f"{kind}: {CLIENTS} clients, {CLIENTS * len(expected)} bytes taken, {after[0] - before[0]} sent by the origin")
        # Nothing more leaves it afterwards: ranges and preconditions are answered by the cache.
        part = requests.get(cache + target, headers={"Range": "bytes=1000-99999"}, timeout=60)
        assert (part.status_code, part.content) == (206, expected[1000:100000])
        whole = requests.get(cache + target, timeout=60)
        unchanged = requests.get(cache + target, headers={"If-None-Match": whole.headers["ETag"]}, timeout=60)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert sent(origin)[0] == after[0]


@pytest.mark.parametrize("kind", kinds)
def test_a_checkpoint_that_changes_is_never_served_mixed(kind, tmp_path, monkeypatch):
    with_tokens(tmp_path, monkeypatch)
    admin, reader = bearer(ADMIN), bearer(READER)
    manifest = copy_of_sample(tmp_path)
    with daemon(manifest) as origin, getattr(proxies, kind)(origin) as cache:
        [summary] = requests.get(f"{origin}/manifests", headers=reader, timeout=60).json()
        old, target = summary["revision"], "/shard?rank=0&mp=1"
        before = requests.get(f"{origin}{target}&revision={old}", headers=reader, timeout=60)
        # A worker has the first half of it, through the cache.
        half = {**reader, "Range": "bytes=0-99999"}
        assert requests.get(f"{cache}{target}&revision={old}", headers=half, timeout=60).content == before.content[:100000]
        change(manifest)
        reloaded = requests.post(f"{origin}/manifests/{summary['name']}/reload", headers=admin, timeout=60)
        assert reloaded.ok, reloaded.text
        [now] = requests.get(f"{origin}/manifests", headers=reader, timeout=60).json()
        new = now["revision"]
        assert new != old and now["state"] == "ready"
        direct = requests.get(f"{origin}{target}&revision={new}", headers=reader, timeout=60)
        assert direct.ok and direct.content != before.content
        # Many ask for both at once: each gets one version whole, or is told that it is gone.
        targets = [f"{cache}{target}&revision={revision}" for revision in (old, new) for _ in range(CLIENTS // 2)]
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(lambda url: requests.get(url, headers=reader, timeout=120), targets))
        for url, answer in zip(targets, answers, strict=True):
            if url.endswith(new):
                assert answer.status_code == 200 and answer.content == direct.content
            else:
                assert answer.content == before.content if answer.ok else answer.json()["code"] == "failed_precondition"
        # Without a revision nothing is kept: the answer is the present one.
        loose = requests.get(cache + target, headers=reader, timeout=60)
        assert loose.content == direct.content


@pytest.mark.skipif(not shutil.which("nginx"), reason="needs nginx")
def test_a_warm_cache_lets_nobody_in_without_a_token(tmp_path, monkeypatch):
    with_tokens(tmp_path, monkeypatch)
    reader = bearer(READER)
    with daemon(SAMPLE) as origin, proxies.nginx(origin, with_tokens=True) as cache:
        [summary] = requests.get(f"{origin}/manifests", headers=reader, timeout=60).json()
        target = f"/shard?rank=1&mp=2&revision={summary['revision']}"
        warm = requests.get(cache + target, headers=reader, timeout=60)
        assert warm.ok and "private" in warm.headers["Cache-Control"]
        before = sent(origin, READER)[0]
        again = requests.get(cache + target, headers=reader, timeout=60)
        assert again.content == warm.content and again.headers["X-Cache"] == "HIT"
        # The bodies came from the cache; only heads left the daemon.
        assert sent(origin, READER)[0] - before < 4096
        for headers in ({}, bearer("wrong"), {"Authorization": "Basic eDp5"}):
            refused = requests.get(cache + target, headers=headers, timeout=60)
            assert refused.status_code == 401, headers
            assert warm.content[:1000] not in refused.content
        # A token that may not see this checkpoint is refused too, as the daemon itself does it; and so is what is wrong.
        for wrong, headers in ((target, bearer(OTHER)), ("/shard?rank=9&mp=2&revision=0", reader)):
            [direct, behind] = [requests.get(url + wrong, headers=headers, timeout=60) for url in (origin, cache)]
            assert (behind.status_code, behind.content) == (direct.status_code, direct.content)
            assert behind.status_code in (400, 404)


@pytest.mark.parametrize("kind", kinds)
def test_a_cache_that_does_not_ask_keeps_nothing_private(kind, tmp_path, monkeypatch):
    """As they are configured without tokens in mind, neither cache keeps what a daemon with tokens says."""
    with_tokens(tmp_path, monkeypatch)
    with daemon(SAMPLE) as origin, getattr(proxies, kind)(origin) as cache:
        [summary] = requests.get(f"{origin}/manifests", headers=bearer(READER), timeout=60).json()
        target = f"{cache}/shard?rank=1&mp=2&revision={summary['revision']}"
        assert requests.get(target, headers=bearer(READER), timeout=60).ok
        assert requests.get(target, timeout=60).status_code == 401
