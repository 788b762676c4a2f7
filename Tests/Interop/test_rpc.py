"""The RPC interface, driven by the Connect protocol's own clients: `buf curl`, and a Python client that is generated from the .proto files."""
import base64
import gzip
import hashlib
import importlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import connectrpc.codec
import connectrpc.errors
import protobuf
import pytest
import requests

from daemon import REPOSITORY, SAMPLE, daemon, get_json

PROTOS = REPOSITORY / "proto"
TOOLS = pathlib.Path(sys.executable).parent
SERVICE = "weightserver.v1.WeightService"
READER, OPERATOR = "reader-token-of-the-test", "operator-token-of-the-test"


def run(*arguments, **options):
    environment = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}"}
    return subprocess.run(list(map(str, arguments)), env=environment, capture_output=True, text=True, timeout=300, **options)


def buf_curl(url, method, message, *options):
    """The answer of a call, or the error, by `buf curl`."""
    done = run("buf", "curl", "--schema", PROTOS, "-d", json.dumps(message), *options, f"{url}/{method}")
    if done.returncode == 0:
        return json.loads(done.stdout)
    return json.loads(done.stderr)


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The modules that the plugins of protobuf and Connect for Python make."""
    folder = tmp_path_factory.mktemp("generated")
    template = {"version": "v2", "plugins": [{"local": name, "out": str(folder)} for name in ("protoc-gen-py", "protoc-gen-connectrpc")]}
    done = run("buf", "generate", "--template", json.dumps(template), PROTOS)
    assert done.returncode == 0, done.stderr
    sys.path.insert(0, str(folder))
    names = ["weight_service_pb", "weight_service_connect", "error_pb"]
    modules = {name: importlib.import_module(f"weightserver.v1.{name}") for name in names}
    modules["health_pb"] = importlib.import_module("grpc.health.v1.health_pb")
    modules["health_connect"] = importlib.import_module("grpc.health.v1.health_connect")
    yield type("Modules", (), modules)
    sys.path.remove(str(folder))


@pytest.fixture(scope="module", params=["proto", "json"])
def client(request, generated, sample_url):
    """A generated client with its defaults, which compress what is sent, and one that speaks JSON."""
    codec = connectrpc.codec.proto_json_codec() if request.param == "json" else None
    with generated.weight_service_connect.WeightServiceClientSync(sample_url, codec=codec) as client:
        yield client


# buf


def test_the_protos_are_clean():
    done = run("buf", "lint", PROTOS)
    assert (done.returncode, done.stdout) == (0, "")
    assert run("buf", "format", "--diff", "--exit-code", PROTOS).returncode == 0


def test_buf_curl_lists_and_describes(sample_url):
    [manifest] = buf_curl(sample_url, f"{SERVICE}/ListManifests", {})["manifests"]
    [http] = get_json(f"{sample_url}/manifests")
    assert (manifest["name"], manifest["revision"]) == (http["name"], http["revision"])
    one = buf_curl(sample_url, f"{SERVICE}/GetManifest", {"name": "gpt2-tiny"})["manifest"]
    assert [tensor["name"] for tensor in one["tensors"]] == [
        tensor["name"] for tensor in get_json(f"{sample_url}/manifests/gpt2-tiny")["tensors"]
    ]


def test_buf_curl_plans(sample_url):
    plan = buf_curl(sample_url, f"{SERVICE}/PlanPartition", {"mp": 4, "rank": 2})["partition"]
    http = get_json(f"{sample_url}/plan?rank=2&mp=4")
    assert (plan["etag"], int(plan["bytes"])) == (http["etag"], http["bytes"])
    assert buf_curl(sample_url, f"{SERVICE}/PlanPartition", {"mp": 3})["degree"]["why"].startswith("mp=3 cannot split")


def test_buf_curl_shows_errors_with_their_details(sample_url):
    error = buf_curl(sample_url, f"{SERVICE}/PlanPartition", {"mp": 3, "rank": 0})
    assert error["code"] == "failed_precondition"
    [detail] = error["details"]
    assert detail["type"] == "weightserver.v1.ErrorDetail"
    assert buf_curl(sample_url, f"{SERVICE}/GetManifest", {"name": "other"})["code"] == "not_found"
    assert buf_curl(sample_url, f"{SERVICE}/PutManifest", {"name": "x", "path": "/etc"})["code"] in ("permission_denied", "unauthenticated")


def test_buf_curl_checks_health(sample_url):
    check = "grpc.health.v1.Health/Check"
    assert buf_curl(sample_url, check, {}) == {"status": "SERVING"}
    assert buf_curl(sample_url, check, {"service": SERVICE}) == {"status": "SERVING"}
    assert buf_curl(sample_url, check, {"service": "other"})["code"] == "not_found"


# The client for Python


@pytest.mark.parametrize("use_get", [False, True])
def test_a_generated_client_reads(client, generated, sample_url, use_get):
    pb = generated.weight_service_pb
    [manifest] = client.list_manifests(pb.ListManifestsRequest(), use_get=use_get).manifests
    http = get_json(f"{sample_url}/manifests/gpt2-tiny")
    assert (manifest.name, manifest.state, manifest.revision) == ("gpt2-tiny", "ready", http["revision"])
    assert (manifest.bytes, list(manifest.mp_degrees)) == (http["bytes"], http["mp_degrees"])
    one = client.get_manifest(pb.GetManifestRequest(name="gpt2-tiny"), use_get=use_get).manifest
    assert [list(tensor.shape) for tensor in one.tensors] == [tensor["shape"] for tensor in http["tensors"]]
    assert client.get_stats(pb.GetStatsRequest(), use_get=use_get).stats.requests.begun > 0


@pytest.mark.parametrize("use_get", [False, True])
def test_a_generated_client_plans_every_rank(client, generated, sample_url, use_get):
    pb = generated.weight_service_pb
    for rank in range(4):
        request = pb.PlanPartitionRequest(mp=4, rank=rank, quantize="int8", groups=16, tensors=["*.weight"])
        plan = client.plan_partition(request, use_get=use_get).result.value
        http = get_json(f"{sample_url}/plan?rank={rank}&mp=4&quantize=int8&groups=16&tensors=*.weight")
        assert (plan.etag, plan.bytes, plan.rank) == (http["etag"], http["bytes"], rank)
        assert [(tensor.name, list(tensor.range)) for tensor in plan.tensors] == [
            (tensor["name"], tensor["range"]) for tensor in http["tensors"]
        ]


def test_a_generated_client_gets_typed_errors(client, generated):
    pb = generated.weight_service_pb
    with pytest.raises(connectrpc.errors.ConnectError) as raised:
        client.plan_partition(pb.PlanPartitionRequest(mp=3, rank=0))
    assert raised.value.code.value == "failed_precondition"
    [detail] = raised.value.details
    detail = detail.value(generated.error_pb.ErrorDetail.desc())
    assert list(detail.mp_degrees) == [1, 2, 4, 8]
    assert detail.request_id
    with pytest.raises(connectrpc.errors.ConnectError) as raised:
        client.delete_manifest(pb.DeleteManifestRequest(name="gpt2-tiny"))
    assert raised.value.code.value == "permission_denied"


def test_a_deadline_that_is_over_is_an_error(sample_url):
    fields = {"Connect-Protocol-Version": "1", "Content-Type": "application/json"}
    answer = requests.post(f"{sample_url}/{SERVICE}/ListManifests", "{}", headers={**fields, "Connect-Timeout-Ms": "0"})
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline_exceeded")
    answer = requests.post(f"{sample_url}/{SERVICE}/ListManifests", "{}", headers={**fields, "Connect-Timeout-Ms": "60000"})
    assert answer.status_code == 200


def test_a_generated_client_checks_health(generated, sample_url):
    with generated.health_connect.HealthClientSync(sample_url) as client:
        answer = client.check(generated.health_pb.HealthCheckRequest())
        assert answer.status == generated.health_pb.HealthCheckResponse.ServingStatus.SERVING


def test_curl_is_client_enough(sample_url):
    """What README shows: a call is a POST of JSON, compressed or not, or a GET."""
    url = f"{sample_url}/{SERVICE}/GetManifest"
    body = b'{"name": "gpt2-tiny"}'
    plain = requests.post(url, body, headers={"Content-Type": "application/json"})
    folded = requests.post(url, gzip.compress(body), headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    message = base64.urlsafe_b64encode(body).decode().rstrip("=")
    asked = requests.get(url, params={"encoding": "json", "base64": "1", "message": message, "connect": "v1"})
    assert plain.status_code == 200
    assert plain.json() == folded.json() == asked.json()


# Changing


@pytest.fixture
def changing(tmp_path):
    """A daemon that knows two tokens, over a copy of the sample whose folder is a root; and the folder."""
    shutil.copytree(SAMPLE.parent, tmp_path / "one")
    shutil.copytree(SAMPLE.parent, tmp_path / "two")
    tokens = "".join(
        f"{name} {hashlib.sha256(token.encode()).hexdigest()} {scopes}\n"
        for name, token, scopes in (("reader", READER, "read"), ("operator", OPERATOR, "read,admin"))
    )
    (tmp_path / "tokens").write_text(tokens)
    (tmp_path / "tokens").chmod(0o600)
    (tmp_path / "config.yaml").write_text(f"tokens:\n  file: {tmp_path}/tokens\n")
    with daemon("--config", tmp_path / "config.yaml", "--root", tmp_path, tmp_path / "one" / "manifest.json") as url:
        yield url, tmp_path


def test_buf_curl_puts_reloads_and_deletes(changing):
    url, folder = changing
    operator, reader = (("-H", f"Authorization: Bearer {token}") for token in (OPERATOR, READER))
    put = {"name": "new", "path": f"{folder}/two/manifest.json"}
    assert buf_curl(url, f"{SERVICE}/PutManifest", put)["code"] == "unauthenticated"
    assert buf_curl(url, f"{SERVICE}/PutManifest", put, *reader)["code"] == "permission_denied"
    made = buf_curl(url, f"{SERVICE}/PutManifest", put, *operator)["manifest"]
    assert (made["name"], made["state"]) == ("new", "ready")
    names = [manifest["name"] for manifest in buf_curl(url, f"{SERVICE}/ListManifests", {}, *reader)["manifests"]]
    assert names == ["gpt2-tiny", "new"]
    assert buf_curl(url, f"{SERVICE}/ReloadManifest", {"name": "new"}, *operator)["manifest"]["revision"] == made["revision"]
    text = json.dumps({**json.loads(SAMPLE.read_text()), "name": "inline", "base_dir": f"{folder}/two"})
    inline = buf_curl(url, f"{SERVICE}/PutManifest", {"name": "inline", "manifest": text}, *operator)["manifest"]
    assert inline["revision"] == made["revision"]
    assert buf_curl(url, f"{SERVICE}/DeleteManifest", {"name": "new"}, *operator) == {}
    assert buf_curl(url, f"{SERVICE}/GetManifest", {"name": "new"}, *reader)["code"] == "not_found"
    assert buf_curl(url, f"{SERVICE}/PutManifest", {"name": "new", "path": "/etc"}, *operator)["code"] == "invalid_argument"


def test_a_generated_client_puts_and_deletes(changing, generated):
    url, folder = changing
    pb = generated.weight_service_pb
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    with generated.weight_service_connect.WeightServiceClientSync(url) as client:
        request = pb.PutManifestRequest(name="new", source=protobuf.Oneof(field="path", value=f"{folder}/two"), wait=True)
        assert client.put_manifest(request, headers=headers).manifest.state == "ready"
        client.delete_manifest(pb.DeleteManifestRequest(name="new"), headers=headers)
        assert [manifest.name for manifest in client.list_manifests(pb.ListManifestsRequest(), headers=headers).manifests] == ["gpt2-tiny"]
