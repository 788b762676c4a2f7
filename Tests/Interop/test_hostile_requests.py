"""Requests that no honest client sends: each is refused in one way, and nothing behind it is taken for a request."""
import pytest

from served import Served

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"5\r\nhello\r\n0\r\n\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("hostile")) as served:
        yield served


def head(*lines, target=b"/healthz", method=b"GET", version=b"HTTP/1.1"):
    return b"%s %s %s\r\nHost: x\r\n" % (method, target, version) + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


# Each is read in two ways by some pair of programs. After PortSwigger's HTTP request smuggling and the tables of
# "HTTP Desync Attacks"; RFC 9112 sections 2.2, 5, 6 and 7.
AMBIGUOUS = {
    "two lengths": head(b"Content-Length: 5", b"Content-Length: 6"),
    "two equal lengths": head(b"Content-Length: 5", b"Content-Length: 5"),
    "a list of lengths": head(b"Content-Length: 5, 6"),
    "a signed length": head(b"Content-Length: +5"),
    "a negative length": head(b"Content-Length: -5"),
    "a hexadecimal length": head(b"Content-Length: 0x5"),
    "a length with an underscore": head(b"Content-Length: 1_0"),
    "a length with a space in it": head(b"Content-Length: 1 0"),
    "a length in other digits": head("Content-Length: \u0665".encode()),
    "an empty length": head(b"Content-Length:"),
    "a length beyond 64 bits": head(b"Content-Length: 18446744073709551621"),
    "length and chunks": head(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    "chunks and length": head(b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    "a length with a space before its colon": head(b"Content-Length : 5"),
    "a length behind a tab": head(b"\tContent-Length: 5"),
    "a folded length": head(b"Content-Length:", b" 5"),
    "a coding twice": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "two codings": head(b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity"),
    "a list of codings": head(b"Transfer-Encoding: gzip, chunked"),
    "chunked not last": head(b"Transfer-Encoding: chunked, identity"),
    "an unknown coding": head(b"Transfer-Encoding: xchunked"),
    "identity": head(b"Transfer-Encoding: identity"),
    "a quoted coding": head(b'Transfer-Encoding: "chunked"'),
    "a coding with a vertical tab": head(b"Transfer-Encoding: \x0bchunked"),
    "a coding with a parameter": head(b"Transfer-Encoding: chunked;q=1"),
    "a coding with a space before its colon": head(b"Transfer-Encoding : chunked"),
    "a folded coding": head(b"Transfer-Encoding:", b" chunked"),
    "a coding in HTTP/1.0": head(b"Transfer-Encoding: chunked", version=b"HTTP/1.0"),
    "an empty coding": head(b"Transfer-Encoding:"),
    "a coding behind a bare CR": head(b"X: y\rTransfer-Encoding: chunked"),
    "a coding behind a bare LF": head(b"X: y\nTransfer-Encoding: chunked"),
    "a coding behind a NUL": head(b"X: y\0Transfer-Encoding: chunked"),
    "a NUL in a name": head(b"X\0Y: z"),
    "a name that ends with a bare CR": head(b"Transfer-Encoding\r: chunked"),
    "a name in other letters": head("Transfer-Encod\u0131ng: chunked".encode()),
    "a line that begins with a space": head(b" X: y"),
    "a folded line": head(b"X: y", b"\tz"),
    "a line with no colon": head(b"Transfer-Encoding chunked"),
    "a line with no name": head(b": x"),
    "two hosts": head(b"Host: y"),
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "a host with a path": b"GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a host with a user": b"GET /healthz HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "bare LF for all line ends": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "bare CR for all line ends": b"GET /healthz HTTP/1.1\rHost: x\r\r",
    "bare LF after the request line": b"GET /healthz HTTP/1.1\nHost: x\r\n\r\n",
    "an empty field section ended by LF": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\n",
    "two spaces in the request line": b"GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab in the request line": b"GET\t/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a space before the request line": b" GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a space after the version": b"GET /healthz HTTP/1.1 \r\nHost: x\r\n\r\n",
    "no version": b"GET /healthz\r\nHost: x\r\n\r\n",
    "version 1.2.3": b"GET /healthz HTTP/1.2.3\r\nHost: x\r\n\r\n",
    "version 2.0": b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a line feed in the target": b"GET /health\nz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a fragment": head(target=b"/healthz#x"),
    "another scheme": head(target=b"file:///etc/passwd"),
    "CONNECT": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "an upgrade to chunks in a trailer": head(b"Trailer: Transfer-Encoding", b"Transfer-Encoding: chunked, chunked"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused_and_ends_the_connection(served, name):
    answers = served.ask(AMBIGUOUS[name] + BODY + SMUGGLED)
    assert len(answers) == 1, answers
    status, fields, body = answers[0]
    # Nothing was answered by a route: that would be 200, 404 or 405 with the path's own words.
    assert status in (400, 405, 501, 505), (status, body)
    assert b"smuggled" not in body
    assert fields["connection"] == "close"


BAD_CHUNKS = {
    "a size in no digits": b"g\r\n", "a signed size": b"+5\r\nhello\r\n0\r\n\r\n", "a size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a size with a space before it": b" 5\r\nhello\r\n0\r\n\r\n", "an empty size": b"\r\nhello\r\n0\r\n\r\n",
    "a size beyond 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n", "a bare LF after the size": b"5\nhello\r\n0\r\n\r\n",
    "a bare CR after the size": b"5\rhello\r\n0\r\n\r\n", "data longer than its size": b"5\r\nhello!\r\n0\r\n\r\n",
    "a bare LF after the data": b"5\r\nhello\n0\r\n\r\n", "a NUL in an extension": b"5;a=\0\r\nhello\r\n0\r\n\r\n",
    "a bare LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n", "a folded trailer": b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n",
    "a length in the trailer": b"5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n",
    "a bare LF at the end": b"5\r\nhello\r\n0\r\n\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_chunks_that_are_none_end_the_connection(served, name):
    answers = served.ask(head(b"Transfer-Encoding: chunked") + BAD_CHUNKS[name] + SMUGGLED)
    if name in ("a length in the trailer",):
        # Trailer fields are dropped (RFC 9110 section 6.5.1): the body is refused by the route, and the next request is read from its start.
        assert [status for status, _, _ in answers] == [400, 404]
        return
    assert len(answers) == 1, answers
    assert answers[0][0] == 400
    assert answers[0][1]["connection"] == "close"


def oversized(count):
    return b"x" * count


OVERSIZED = {
    "a target": (head(target=b"/" + oversized(9000)), 414),
    "a query": (head(target=b"/shard?" + oversized(9000)), 414),
    "a target with no end": (b"GET /" + oversized(1 << 20), 414),
    "a method": (oversized(33) + b" / HTTP/1.1\r\n\r\n", 400),
    "a request line": (oversized(9000) + b" / HTTP/1.1\r\n\r\n", 414),
    "a request line with no end": (oversized(1 << 20), 414),
    "a field's value": (head(b"X: " + oversized(40_000)), 431),
    "a field's name": (head(oversized(40_000) + b": y"), 431),
    "a field with no end": (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + oversized(1 << 20), 431),
    "too many fields": (head(*[b"X%d: y" % number for number in range(200)]), 431),
    "empty lines before the request": (b"\r\n" * 10_000, 400),
    "a body by its length": (head(b"Content-Length: 1048577", method=b"POST"), 413),
    "a body of 2**62 bytes": (head(b"Content-Length: 4611686018427387904", method=b"POST"), 413),
    "a body by its chunks": (head(b"Transfer-Encoding: chunked", method=b"POST") + (b"10000\r\n" + oversized(0x10000) + b"\r\n") * 17, 413),
    "a chunk's size": (head(b"Transfer-Encoding: chunked", method=b"POST") + b"7fffffffffffffff\r\n", 413),
    "a size line": (head(b"Transfer-Encoding: chunked", method=b"POST") + b"0" * 100_000, 400),
    "an extension": (head(b"Transfer-Encoding: chunked", method=b"POST") + b"5;" + oversized(100_000), 400),
    "a trailer": (head(b"Transfer-Encoding: chunked", method=b"POST") + b"0\r\nX: " + oversized(1 << 20), 431),
    "Host": (b"GET / HTTP/1.1\r\nHost: " + oversized(40_000) + b"\r\n\r\n", 431),
}


@pytest.mark.parametrize("name", OVERSIZED)
def test_what_is_too_large_is_refused_before_it_is_taken_in(served, name):
    data, expected = OVERSIZED[name]
    before = served.kibibytes
    answers = [served.ask(data) for _ in range(8)]
    for answer in answers:
        assert [status for status, _, _ in answer] == [expected], answer
        assert answer[0][1]["connection"] == "close"
    # A body within the limit is taken in; what is beyond it is not.
    assert served.kibibytes - before < 32 * 1024


def test_many_ranges_cost_no_more_than_the_whole(served):
    _, whole, _ = served.get("/shard?rank=0&mp=1")
    ranges = ",".join(f"{start}-{len(whole) - 1}" for start in range(500))
    status, body, _ = served.get("/shard?rank=0&mp=1", {"Range": "bytes=" + ranges})
    assert (status, body) == (200, whole)


TRAVERSALS = [
    b"..", b"%2e%2e", b"%2E%2e", b".%2e", b"%2e.", b"%252e%252e", b"..%2f..", b"..%2F..%2Fetc%2Fpasswd", b"%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    b"..%5c..", b"..\\..", b"%c0%ae%c0%ae", b"%c0%af..", b"..%c0%af", b"%e0%80%ae%e0%80%ae", b"%uff0e%uff0e", b"..%00", b"%00..", b"..;",
    b"....", b"....%2f%2f", b"%2fetc%2fpasswd", b"//etc/passwd", b"~root", b"%7eroot", b"gpt2-tiny%2f..%2f..%2fetc", b"gpt2-tiny/../../etc/passwd",
    b"gpt2-tiny%00.json", b"%ef%bc%8e%ef%bc%8e%ef%bc%8f", b"%25%32%65%25%32%65",
]  # fmt: skip

# Every place of the interface that takes a name.
PLACES = [
    b"/%s", b"/manifests/%s", b"/manifests/%s/reload", b"/shard?rank=0&mp=1&model=%s", b"/tensor?rank=0&mp=1&name=%s",
    b"/plan?rank=0&mp=1&model=%s", b"/api/models/%s", b"/gpt2-tiny/resolve/main/%s", b"/%s/resolve/main/config.json",
    b"/gpt2-tiny/resolve/%s/config.json", b"/api/models/gpt2-tiny/tree/%s",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=bytes.decode)
def test_no_spelling_of_a_path_leads_out(served, place):
    for name in TRAVERSALS:
        for target in {place % name, place % (name + b"/etc/passwd"), place % (b"x/" + name + b"/" + name + b"/manifest.json")}:
            answers = served.ask(head(b"Connection: close", target=target))
            assert len(answers) == 1, target
            status, _, body = answers[0]
            assert status in (400, 404, 405), (target, status, body[:200])
            assert b"root:" not in body and b"mp_rank" not in body
