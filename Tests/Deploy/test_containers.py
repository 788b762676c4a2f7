"""The container's recipe and the Kubernetes objects: linted, and held against the schemas of Kubernetes, with no cluster."""
import re
import subprocess
import sys

import pytest
import yaml

from daemon import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
OBJECTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def run(tool, *arguments):
    """A tool that pip installed beside this Python."""
    folder = re.sub(r"/[^/]*$", "", sys.executable)
    check = subprocess.run([f"{folder}/{tool}", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert check.returncode == 0, check.stdout + check.stderr
    return check.stdout + check.stderr


def test_the_recipe_has_no_fault():
    assert run("hadolint", DEPLOY / "container" / "Containerfile") == ""


def test_the_recipe_copies_all_that_the_package_names():
    text = (DEPLOY / "container" / "Containerfile").read_text()
    ignored = (REPOSITORY / ".containerignore").read_text()
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE):
        assert (REPOSITORY / source).exists(), source
        assert f"!{source}" in ignored, source


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.name)
def test_the_schema_of_kubernetes_holds(path):
    output = run("kubernetes-validate", "--strict", path)
    objects = [one for one in yaml.safe_load_all(path.read_text()) if one]
    assert output.count("passed") == len(objects)


def pods():
    for path in OBJECTS:
        for one in yaml.safe_load_all(path.read_text()):
            if one["kind"] in ("Deployment", "DaemonSet"):
                yield pytest.param(one, id=one["kind"])


@pytest.mark.parametrize("one", list(pods()))
def test_a_pod_has_no_right_that_it_does_not_need(one):
    spec = one["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
    [container] = spec["containers"]
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
    # Long enough for limits.drain_seconds, which is 30 by default.
    assert spec["terminationGracePeriodSeconds"] > 30


def test_names_and_labels_fit_together():
    objects = [one for path in OBJECTS for one in yaml.safe_load_all(path.read_text())]
    label = {"app.kubernetes.io/name": "weight-server"}
    for one in objects:
        assert one["metadata"]["name"] == "weight-server"
        if one["kind"] in ("Deployment", "DaemonSet"):
            assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"] == label
        elif one["kind"] == "Service":
            assert one["spec"]["selector"] == label
        elif one["kind"] == "NetworkPolicy":
            assert one["spec"]["podSelector"]["matchLabels"] == label


def test_the_daemon_takes_the_configuration_of_the_config_map(tmp_path):
    from daemon import SAMPLE, daemon, get_json

    [config] = [one for path in OBJECTS for one in yaml.safe_load_all(path.read_text()) if one["kind"] == "ConfigMap"]
    text = config["data"]["config.yaml"].replace("/models/llama-3-70b", str(SAMPLE)).replace("/cache", str(tmp_path / "cache"))
    (tmp_path / "config.yaml").write_text(text)
    with daemon("--config", tmp_path / "config.yaml") as url:
        [one] = get_json(f"{url}/manifests")
        assert one["state"] == "ready"
