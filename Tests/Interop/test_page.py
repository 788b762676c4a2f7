"""The page for people, in headless Chromium: what it shows, what it does, and what it never does."""
import contextlib
import json
import os
import pathlib
import socket

import pytest
import requests

import browser
from daemon import FIXTURES, SAMPLE, daemon, get_json

pytestmark = pytest.mark.skipif(not browser.program(), reason="needs Chromium: `make page-test` installs it")

# Pictures to look at, where a folder for them is named.
PICTURES = os.environ.get("PAGE_PICTURES")


@pytest.fixture(scope="module")
def chromium():
    with browser.tab() as tab:
        yield tab


@pytest.fixture
def tab(chromium):
    chromium.errors.clear()
    chromium.requests.clear()
    chromium.size(1280, 900)
    yield chromium
    assert chromium.errors == []
    chromium.open("about:blank")


def picture(tab, name):
    if PICTURES:
        for kind, arguments in {
            "wide": (1280, 900, False, False), "dark": (1280, 900, True, False), "phone": (390, 844, False, True),
            "phone-dark": (390, 844, True, True),
        }.items():
            tab.size(*arguments)
            tab.wait("new Promise(done => requestAnimationFrame(() => done(true)))")
            tab.screenshot(pathlib.Path(PICTURES) / f"{name}-{kind}.png")
        tab.size(1280, 900)


@pytest.fixture
def broken(tmp_path):
    """A checkpoint that cannot be read."""
    path = tmp_path / "broken-model.safetensors"
    path.write_bytes(b"\xff" * 100)
    return path


@contextlib.contextmanager
def stalled(url, targets):
    """Clients that have asked for partitions and take only their beginning."""
    host, port = url.removeprefix("http://").split(":")
    clients = []
    for target in targets:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((host, int(port)))
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 40)
        assert client.recv(1000)
        clients.append(client)
    try:
        yield
    finally:
        for client in clients:
            client.close()


def text(tab, selector="body"):
    return tab.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")


def test_curl_gets_json_and_a_browser_the_page(sample_url):
    plain = requests.get(sample_url)
    assert plain.headers["Content-Type"] == "application/json" and plain.json()["service"] == "weight-server"
    page = requests.get(sample_url, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert plain.headers["Vary"] == page.headers["Vary"] == "Accept"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert "<script>" not in page.text and "style=" not in page.text
    again = requests.get(sample_url, headers={"Accept": "text/html", "If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304 and again.headers["Vary"] == "Accept"


def test_an_idle_server_shows_what_it_serves_and_asks_nobody_else(tab, sample_url):
    tab.open(sample_url)
    tab.wait("document.querySelectorAll('.tensor svg').length > 3")
    assert text(tab, "#status") == "ready 1 checkpoint is served"
    assert "gpt2-tiny" in text(tab, "#checkpoints")
    assert tab.evaluate("[...document.querySelectorAll('.degree')].map(row => row.querySelectorAll('.cell').length)") == [1, 2, 4, 8]
    assert "No partition is being sent" in text(tab, "#transfers")
    assert all(url.startswith((sample_url, "about:")) for url in tab.requests)
    picture(tab, "idle")


def test_a_stranger_sees_how_a_tensor_is_split(tab, sample_url):
    tab.open(sample_url)
    tab.wait("document.querySelectorAll('.tensor svg').length > 3")
    tab.evaluate("[...document.querySelectorAll('button.name')].find(one => one.innerText === 'mp 4').click()")
    tab.wait("document.querySelector('#split-note').innerText.includes('each of 4 workers')")
    tab.type("#split-filter", "dense_h_to_4h.weight")
    tab.wait("document.querySelectorAll('.tensor').length === 1")
    assert text(tab, ".tensor h3") == "transformer.layers.N.mlp.dense_h_to_4h.weight"
    assert "dealt by rows" in text(tab, ".tensor")
    boxes = tab.evaluate(
        "[...document.querySelectorAll('.tensor rect')].map(box => [box.getAttribute('class'), +box.getAttribute('height')])"
    )
    assert boxes == [[f"rank-{rank}", 25] for rank in range(4)]
    tab.evaluate("document.querySelector('#split-filter').value = ''")
    tab.type("#split-filter", "4h_to_h.weight")
    tab.wait("document.querySelectorAll('.tensor').length === 1 && document.querySelector('.tensor').innerText.includes('columns')")
    tab.evaluate("document.querySelector('#split-filter').value = ''")
    tab.type("#split-filter", "no such name")
    tab.wait("document.querySelector('#split').innerText.includes('No tensor has that')")


def test_the_drawing_is_the_plan(tab, sample_url):
    """Every rank's stretches of every tensor, from the plans, cover it: what is drawn is all there is."""
    for mp in (1, 2, 4, 8):
        plans = [get_json(f"{sample_url}/plan?mp={mp}&rank={rank}")["tensors"] for rank in range(mp)]
        for tensors in zip(*plans, strict=True):
            if "axis" not in tensors[0]:
                assert all(tensor["shape"] == tensor["whole_shape"] for tensor in tensors)
                continue
            axis = tensors[0]["axis"]
            held = [index for tensor in tensors for start, end in tensor["held"] for index in range(start, end)]
            assert sorted(held) == list(range(tensors[0]["whole_shape"][axis]))
            for tensor in tensors:
                assert sum(end - start for start, end in tensor["held"]) + tensor.get("zeros", 0) == tensor["shape"][axis]


def test_four_ranks_that_stream_are_seen(tab):
    with daemon(SAMPLE) as url, stalled(url, [f"/shard?rank={rank}&mp=4" for rank in range(4)]):
        tab.open(url)
        tab.wait("document.querySelectorAll('#transfers tbody tr').length === 4")
        assert "rank 3 of 4" in text(tab, "#transfers")
        assert tab.evaluate("document.querySelectorAll('.cell.sending').length") == 4 + 1
        assert tab.evaluate("document.querySelectorAll('#transfers progress').length") == 4
        tab.wait("document.querySelectorAll('.tensor svg').length > 3")
        picture(tab, "streaming")


def test_a_failed_checkpoint_says_why(tab, broken):
    with daemon(SAMPLE, broken) as url:
        tab.open(url)
        tab.wait("document.querySelector('.badge.failed') !== null")
        assert "1 of 2 checkpoints need attention" in text(tab, "#status")
        [error] = [one["error"]["message"] for one in get_json(f"{url}/manifests") if one["state"] == "failed"]
        assert error in text(tab, ".message.failed")
        tab.wait("document.querySelectorAll('.tensor svg').length > 3")
        picture(tab, "failed")


def test_text_of_a_checkpoint_is_never_markup(tab, tmp_path):
    name = "<img src=x onerror=alert(1)>.safetensors"
    (tmp_path / name).write_bytes(b"\xff" * 100)
    with daemon(SAMPLE, tmp_path / name) as url:
        tab.open(url)
        tab.wait("document.querySelector('.badge.failed') !== null")
        assert tab.evaluate("document.querySelectorAll('#main img').length") == 0


def test_a_server_that_is_gone_is_told(chromium):
    with daemon(SAMPLE) as url:
        chromium.open(url)
        chromium.wait("document.querySelector('.badge.ready') !== null")
    chromium.wait("document.querySelector('#status .badge.lost') !== null")
    assert "trying again" in text(chromium, "#status")
    chromium.open("about:blank")


def test_it_is_usable_by_keyboard_and_by_ear(tab, sample_url):
    tab.open(sample_url)
    tab.wait("document.querySelectorAll('.tensor svg').length > 3")
    assert tab.evaluate("document.documentElement.lang") == "en"
    assert tab.evaluate("[...document.querySelectorAll('svg[role=img], .cell[role=img], progress')].every(one => one.ariaLabel)")
    assert tab.evaluate("[...document.querySelectorAll('select, input')].every(one => one.labels.length === 1)")
    # Every pair of colours of text and ground has the contrast that WCAG 2.2 asks for, light and dark.
    for dark in (False, True):
        tab.size(1280, 900, dark=dark)
        assert tab.evaluate(CONTRAST) == []
    # A phone shows all of it without scrolling to the side.
    tab.size(360, 740, phone=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


CONTRAST = """(() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).map(Number).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (!color.endsWith(', 0)')) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const bad = [];
  for (const node of document.querySelectorAll('main *, header *, footer *')) {
    if (node.closest('svg') || ![...node.childNodes].some(c => c.nodeType === 3 && c.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(node.outerHTML.slice(0, 100) + ' ' + ratio.toFixed(2));
  }
  for (const node of document.querySelectorAll('.tensor text')) {
    const box = node.previousElementSibling;
    const [a, b] = [light(getComputedStyle(node).fill), light(getComputedStyle(box).fill)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(box.className.baseVal + ' ' + ratio.toFixed(2));
  }
  return bad;
})()"""
