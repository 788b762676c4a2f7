"""`/metrics` and the logs, as Prometheus and a log pipeline read them, taken while the daemon is busy."""
import concurrent.futures
import json
import re
import shutil
import socket
import subprocess
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon import SAMPLE, binary, daemon, get, get_json

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def page(url):
    body, fields = get(url + "/metrics")
    assert fields["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return body.decode()


def samples(text):
    """Every sample of a page, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def busy_page():
    """A page that was taken while clients fetch partitions, and one that was taken after them."""
    with daemon(SAMPLE) as url, concurrent.futures.ThreadPoolExecutor(8) as clients:
        wanted = [f"{url}/shard?rank={index % 4}&mp=4" for index in range(400)]
        fetched = [clients.submit(get, target) for target in wanted]
        pages = [page(url) for _ in range(20)]
        total = sum(len(done.result()[0]) for done in fetched)
        for index in range(30):
            with pytest.raises(Exception):
                get(f"{url}/nothing-{index}")
        yield pages, page(url), total


def test_every_page_is_read_and_counters_only_grow(busy_page):
    pages, last, _ = busy_page
    before = {}
    for text in [*pages, last]:
        now = samples(text)
        for key, value in now.items():
            if key[0].endswith(("_total", "_bucket", "_count")):
                assert value >= before.get(key, 0), key
        assert not {key for key in before if key[0].endswith("_total")} - set(now)
        before = now


def test_every_family_has_help_a_type_and_no_double(busy_page):
    for text in [*busy_page[0], busy_page[1]]:
        families = list(text_string_to_metric_families(text))
        assert len({family.name for family in families}) == len(families)
        assert all(family.documentation for family in families)
        assert all(family.type in ("counter", "gauge", "histogram") for family in families)
        keys = re.findall(r"^[^#].*(?= )", text, re.MULTILINE)
        assert len(set(keys)) == len(keys)


def test_the_numbers_are_those_of_the_load(busy_page):
    _, last, total = busy_page
    values = samples(last)
    labels = (("code", "200"), ("method", "GET"), ("route", "/shard"))
    assert values["weight_server_requests_total", labels] == 400
    assert values["weight_server_requests_total", (("code", "404"), ("method", "GET"), ("route", "other"))] == 30
    route = (("route", "/shard"),)
    assert values["weight_server_response_duration_seconds_count", route] == 400
    assert values["weight_server_requests_in_flight", route] == 0
    assert total <= values["weight_server_response_bytes_total", route] <= total + 400 * 2048
    assert values["weight_server_manifest_sent_bytes_total", (("model", "gpt2-tiny"),)] >= total
    assert values["weight_server_transfers", ()] == 0


def test_buckets_add_up(busy_page):
    for text in [*busy_page[0], busy_page[1]]:
        for family in text_string_to_metric_families(text):
            if family.type != "histogram":
                continue
            counts = {}
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    counts.setdefault(sample.labels["route"], []).append((float(sample.labels["le"]), sample.value))
                elif sample.name.endswith("_count"):
                    buckets = counts[sample.labels["route"]]
                    assert buckets == sorted(buckets)
                    assert [value for _, value in buckets] == sorted(value for _, value in buckets)
                    assert buckets[-1] == (float("inf"), sample.value)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool comes with Debian's prometheus")
def test_promtool_has_nothing_to_say(busy_page):
    for text in [busy_page[0][-1], busy_page[1]]:
        check = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, timeout=60)
        assert (check.returncode, check.stdout, check.stderr) == (0, b"", b"")


def test_transfers_are_seen_while_they_go_on():
    with daemon(SAMPLE) as url:
        host, port = url.removeprefix("http://").split(":")
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        slow.sendall(b"GET /shard?rank=1&mp=2 HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
        assert slow.recv(1)
        # Once the kernel's buffers are full, the answer that is being sent stands still.
        before, transfers = None, get_json(url + "/stats")["transfers"]
        while not transfers or transfers != before:
            time.sleep(0.05)
            before, transfers = transfers, get_json(url + "/stats")["transfers"]
            for transfer in transfers:
                assert transfer.pop("seconds") >= 0
        [transfer] = transfers
        assert (transfer["model"], transfer["rank"], transfer["mp"]) == ("gpt2-tiny", 1, 2)
        assert 0 <= transfer["bytes_sent"] <= transfer["bytes"]
        assert samples(page(url))["weight_server_transfers", ()] == 1
        slow.close()


def test_a_line_of_the_json_log_has_the_request_and_its_trace(tmp_path, monkeypatch):
    monkeypatch.setenv("WEIGHT_SERVER_LOGGING_FORMAT", "json")
    log = tmp_path / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [binary(), "serve", "--listen", "127.0.0.1:0", str(SAMPLE)], stdout=subprocess.PIPE, stderr=errors
        )
        try:
            url = process.stdout.readline().decode().split()[-1]
            fields = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "User-Agent": 'a "quoted" agent'}
            _, answer = get(f"{url}/manifests?", fields)
            get(f"{url}/healthz")
        finally:
            process.terminate()
            process.wait(timeout=60)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all({"time", "level", "message"} <= set(line) for line in lines)
    [line] = [line for line in lines if line["message"] == "request"]
    assert line["id"] == answer["X-Request-Id"]
    assert line["trace_id"] == TRACE and line["parent_span_id"] == "00f067aa0ba902b7"
    assert answer["traceresponse"] == f"00-{TRACE}-{line['span_id']}-01"
    assert (line["route"], line["target"], line["status"]) == ("/manifests", "/manifests?", 200)
    assert line["complete"] is True and line["bytes"] > 0 and 0 < line["wait_seconds"] <= line["seconds"]
    assert line["agent"] == 'a "quoted" agent'
