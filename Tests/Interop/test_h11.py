"""Our parser of requests and h11's read the same streams: what both accept they read alike, and where only one accepts there is a reason."""
import json
import pathlib
import random
import re
import struct
import subprocess
import sys

import h11
import pytest

from daemon import REPOSITORY, binary

sys.path.insert(0, str(REPOSITORY / "Tests" / "Fuzz"))
import http_corpus  # noqa: E402

SEED = 20261125
GENERATED = 40_000

# What only we refuse, by what the stream holds, and why.
WE_REFUSE = {
    "a bare LF ends no line (RFC 9112 section 2.2: may be accepted; peers that disagree are how requests are smuggled)": rb"(?<!\r)\n",
    "a folded line (RFC 9112 section 5.2: to be refused or unfolded)": rb"\n[ \t]",
    "a second length, equal or not, or a list of them (RFC 9112 section 6.3: may be accepted where equal)": rb"(?is)content-length:.*content-length:|content-length:[^\n]*,",
    "a length beside a coding (RFC 9112 section 6.1: may be accepted)": rb"(?is)content-length.*transfer-encoding|transfer-encoding.*content-length",
    "a coding in HTTP/1.0 (RFC 9112 section 6.1: to be treated as faulty)": rb"(?is)HTTP/1\.0.*transfer-encoding",
    "a host that is none (RFC 9112 section 3.2)": rb"(?i)host:[ \t]*[^\r\n]*[^\r\n0-9A-Za-z.:\-_~!$&'()*+,;=\[\] \t]",
    "a target that is no path, URL or *, or * not for OPTIONS (RFC 9112 section 3.2)": rb"^(?:\r\n)?[^ \r\n]+ (?!/|https?://|HTTPS?://)",
    "a host in the target that is none (RFC 9110 section 4.2)": rb"(?i)^(?:\r\n)?[^ ]+ https?://",
    "CONNECT, which is for proxies": rb"CONNECT ",
    "a target with '#' or bytes beyond ASCII (RFC 9112 section 3.2: only what a URI may hold)": rb"^(?:\r\n)?[^ \r\n]* [^ \r\n]*[#\x80-\xff\x00-\x1f\x7f]",
    "'%' and no two hexadecimal digits (RFC 3986 section 2.1), '%00' and the like, bytes that are no UTF-8, or '.' and '..' parts": rb"^(?:\r\n)?[^ \r\n]* [^ \r\n]*(?:%|/\.)",
    "an expectation other than 100-continue (RFC 9110 section 10.1.1: 417)": rb"(?i)expect:",
    "another version than 1.0 and 1.1 (RFC 9110 section 15.6.6: 505)": rb"HTTP/(?!1\.[01])",
    "a control character in a value (RFC 9110 section 5.5)": rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
    "a bare CR (RFC 9112 section 2.2)": rb"\r(?!\n)",
    "a method of more than 32 characters": rb"^(?:\r\n)?[^ \r\n]{33,} ",
    "a trailer field that is none": rb"(?is)transfer-encoding.*\r\n0+[^\n]*\r\n[^\r\n]",
    "an unfinished line that cannot become right": rb"",
}  # fmt: skip

# What only h11 refuses.
H11_REFUSES = {
    "an extension with other characters than h11 knows (RFC 9112 section 7.1.1: ignored)": rb"(?is)transfer-encoding.*\n[0-9a-f]+[ \t]*;",
    "a body that is longer than h11 was told to keep": rb"",
}


def ours(program, streams):
    data = b"".join(struct.pack(">I", len(stream)) + stream for stream in streams)
    result = subprocess.run([program], input=data, stdout=subprocess.PIPE, check=True)
    lines = result.stdout.decode().splitlines()
    assert len(lines) == len(streams)
    for line in lines:
        found = json.loads(line)
        messages = [
            (m["method"], m["target"], m["version"], [(name, bytes.fromhex(value)) for name, value in m["fields"]], bytes.fromhex(m["body"]))
            for m in found["messages"]
        ]  # fmt: skip
        yield messages, found["refusal"]


def theirs(stream):
    """What h11 makes of a stream, as a server."""
    messages = []
    while stream:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
        connection.receive_data(stream)
        head, body = None, b""
        try:
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Request):
                    head = event
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    break
                else:
                    return messages, None
        except h11.RemoteProtocolError as error:
            return messages, str(error)
        target = head.target.decode("latin-1")
        messages.append((head.method.decode(), target, head.http_version.decode(), list(head.headers), body))
        stream = connection.trailing_data[0]
    return messages, None


def streams():
    seeds = list(http_corpus.requests())
    yield from seeds
    generator = random.Random(SEED)
    tokens = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b";", b",", b"0", b"5", b"\0", b"\x7f", b"\x80", b"chunked", b"Content-Length: 5", b"%", b"/", b"?", b"#"]
    for _ in range(GENERATED):
        stream = bytearray(generator.choice(seeds))
        for _ in range(generator.randrange(1, 4)):
            place = generator.randrange(len(stream) + 1)
            kind = generator.randrange(4)
            if kind == 0:
                stream[place:place] = generator.choice(tokens)
            elif kind == 1:
                del stream[place : place + generator.randrange(1, 5)]
            elif kind == 2 and place < len(stream):
                stream[place] = generator.randrange(256)
            else:
                other = generator.choice(seeds)
                cut = generator.randrange(len(other) + 1)
                stream[place:] = other[cut:]
        yield bytes(stream)


@pytest.fixture(scope="module")
def program():
    path = pathlib.Path(binary()).parent / "http-heads"
    if not path.exists():
        pytest.skip("http-heads is not built; `make interop` builds it")
    return path


def test_both_read_the_same(program):
    corpus = list(streams())
    reasons, unexplained = {}, []
    accepted = refused = 0
    for stream, (mine, my_refusal) in zip(corpus, ours(program, corpus)):
        other, other_refusal = theirs(stream)
        common = min(len(mine), len(other))
        # What both let through both read the same way: field for field, byte for byte.
        for one, two in zip(mine, other):
            assert one == (*two[:3], [(name.decode(), value) for name, value in two[3]], two[4]), (stream, one, two)
        accepted += common
        if len(mine) == len(other) and bool(my_refusal) == bool(other_refusal):
            refused += bool(my_refusal)
            continue
        # After what both read, one goes on where the other stops.
        table = WE_REFUSE if my_refusal and len(mine) <= len(other) else H11_REFUSES
        reason = next((reason for reason, pattern in table.items() if pattern and re.search(pattern, stream)), None)
        if reason is None:
            unexplained.append((stream, mine[common:], my_refusal, other[common:], other_refusal))
        else:
            reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        print(f"{count:6}  {reason}")
    print(f"{len(corpus)} streams: {accepted} requests read alike, {refused} streams refused by both, {sum(reasons.values())} by one")
    assert not unexplained, (len(unexplained), unexplained[:5])
    assert accepted > 1000 and refused > 1000
