"""Alerts and the dashboard: they use what there is, say where help is, and fire when they should."""
import json
import pathlib
import re
import shutil
import subprocess
import time

import pytest
import requests
import yaml

from daemon import REPOSITORY, SAMPLE, binary, daemon, get
from proxies import free_port

RULES = REPOSITORY / "deploy" / "prometheus" / "alerts.yaml"
DASHBOARD = REPOSITORY / "deploy" / "grafana" / "weight-server.json"
needs_prometheus = pytest.mark.skipif(not shutil.which("prometheus"), reason="needs Debian's prometheus")


@pytest.fixture(scope="module")
def exported():
    """The names that a page has on which everything has happened that gives a number, with the names of labels."""
    with daemon(SAMPLE) as url:
        for target in ("/shard?rank=0&mp=2", "/manifests"):
            get(url + target)
        text = get(f"{url}/metrics")[0].decode()
    names = {}
    for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? ", text, re.MULTILINE):
        names.setdefault(name, set()).update(re.findall(r'([a-z]+)="', labels))
    return names


def expressions():
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize("place, expression", [pytest.param(*pair, id=f"{index} {pair[0]}") for index, pair in enumerate(expressions())])
def test_only_metrics_and_labels_that_exist_are_used(exported, place, expression):
    used = re.findall(r"\b((?:weight_server|process)_[a-z_]+)(?:\{([^}]*)\})?", expression)
    assert used or expression.startswith("up{")
    for name, labels in used:
        assert name in exported, name
        for label in re.findall(r"([a-z]+) *[=!]", labels):
            assert label in exported[name] | {"instance", "job"}, (name, label)
    known = set().union(*(exported[name] for name, _ in used)) | {"instance", "job", "le"}
    for grouped in re.findall(r"\b(?:by|without|ignoring) \(([^)]*)\)", expression):
        assert {label.strip() for label in grouped.split(",")} <= known, grouped


def test_every_alert_has_a_runbook():
    text = (REPOSITORY / "docs" / "operations.md").read_text()
    headings = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", text, re.MULTILINE)}
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            place, anchor = rule["annotations"]["runbook"].split("#")
            assert (place, anchor) == ("docs/operations.md", rule["alert"].lower())
            assert anchor in headings, anchor
            assert rule["labels"]["severity"] in ("page", "ticket")


def test_every_metric_is_explained(exported):
    text = (REPOSITORY / "docs" / "operations.md").read_text()
    for name in exported:
        family = re.sub(r"_(bucket|sum|count)$", "", name).removeprefix("weight_server_")
        assert name.startswith("process_") or f"`{family}`" in text, family


@needs_prometheus
def test_promtool_accepts_the_rules_and_the_configuration():
    for arguments in (["rules", RULES], ["config", RULES.parent / "prometheus.yaml"]):
        check = subprocess.run(["promtool", "check", *arguments], capture_output=True, text=True, timeout=60)
        assert check.returncode == 0, check.stdout + check.stderr


@needs_prometheus
def test_a_prometheus_scrapes_a_daemon_and_fires_an_alert(tmp_path):
    broken = tmp_path / "broken-model.safetensors"
    broken.write_bytes(b"\xff" * 100)
    with daemon(SAMPLE, broken) as url:
        rules = RULES.read_text()
        # A test cannot wait for a minute.
        assert "for: 1m\n" in rules
        (tmp_path / "alerts.yaml").write_text(re.sub(r"for: \d+m", "for: 1s", rules))
        text = (RULES.parent / "prometheus.yaml").read_text()
        assert text.count("15s") == 2 and text.count("127.0.0.1:8080") == 1
        (tmp_path / "prometheus.yaml").write_text(text.replace("15s", "1s").replace("127.0.0.1:8080", url.removeprefix("http://")))
        port = free_port()
        process = subprocess.Popen(
            ["prometheus", f"--config.file={tmp_path}/prometheus.yaml", f"--storage.tsdb.path={tmp_path}/data",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            firing = wait_for_alerts(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait(timeout=60)
    assert firing == {("WeightServerCheckpointFailed", "broken-model")}


def wait_for_alerts(url, process):
    """What fires once anything does and the daemon was seen."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            alerts = requests.get(f"{url}/api/v1/alerts", timeout=5).json()["data"]["alerts"]
            up = requests.get(f"{url}/api/v1/query", params={"query": "weight_server_ready"}, timeout=5).json()
        except (requests.RequestException, ValueError):
            alerts, up = [], {}
        firing = {(alert["labels"]["alertname"], alert["labels"].get("model")) for alert in alerts if alert["state"] == "firing"}
        if firing and up["data"]["result"]:
            return firing
        time.sleep(0.2)
    raise AssertionError("no alert fired")
