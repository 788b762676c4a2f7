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

# What only we refuse, by what we say of it, and why. Where h11 says nothing either way it waits for the end of a head or a line that we
# have refused before.
WE_REFUSE = {
    "a line ends with LF alone": "RFC 9112 section 2.2: a bare LF may be accepted; peers that disagree about it are how requests are smuggled",
    "a carriage return stands alone": "RFC 9112 section 2.2: a bare CR is to be refused",
    "folded lines are not accepted": "RFC 9112 section 5.2: a folded line is to be refused or unfolded",
    "Content-Length stands twice|Content-Length '.*' is not a number": "RFC 9112 section 6.3: equal lengths may be taken for one; one beyond 63 bits is none",
    "stand together": "RFC 9112 section 6.1: a length beside a coding may be refused",
    "stands in an HTTP/1.0 message": "RFC 9112 section 6.1: a coding in HTTP/1.0 is to be treated as faulty",
    "Transfer-Encoding '.*' (is malformed|is not supported|must be exactly)": "RFC 9112 section 6.1: codings that are not understood are refused",
    "Host '.*' is not a host|Host stands twice|Transfer-Encoding stands twice": "RFC 9112 section 3.2: a host is one, and has no path or user",
    "target .* must start with|the target is empty|target '.*' is for OPTIONS only|names no valid host": "RFC 9112 section 3.2: a path, a URL, or * for OPTIONS; CONNECT is for proxies",
    "only visible ASCII": "RFC 9112 section 3.2: a URI is ASCII, and a fragment is no part of a target",
    "path part '.*' (is malformed|holds a control)": "RFC 3986 section 2.1: '%' stands before two hexadecimal digits; a path is UTF-8 here, with no control character",
    "send it without '.' and '..' parts": "no path here leads up",
    "Expect '.*' is not known": "RFC 9110 section 10.1.1: 417",
    "is not spoken here": "RFC 9110 section 15.6.6: 505",
    "version '.*' is malformed|request line '.*' must be|request line .*one space": "RFC 9112 sections 2.3 and 3: one space, and the version's own letters",
    "the value of .* holds the control byte": "RFC 9110 section 5.5: control characters in values are dangerous",
    "method '.*' is not a token": "RFC 9110 section 9.1: a token, here of at most 32 characters",
    "field name '.*' is not a token|has no colon|Host is missing": "RFC 9112 section 5: as h11 finds once the head is whole",
    "chunk size '.*' is (too large|not a hexadecimal)|a chunk is longer|a chunk's size line": "RFC 9112 section 7.1: a size is hexadecimal with nothing behind it but extensions; h11 waits for 2**64 bytes",
    "are larger than|there are more than|is longer than": "limits of ours",
}  # fmt: skip

# What only h11 refuses, by what it says of it, and why we do not.
H11_REFUSES = {
    "bad Content-Length": "RFC 9110 section 6.5.1: a length in a trailer says nothing, and is dropped",
    "no request line received": "RFC 9112 section 2.2: an empty line before a request is to be passed over",
    "illegal chunk header": "RFC 9112 section 7.1.1: white space may stand before an extension's semicolon; extensions are passed over, whatever is in them",
    "illegal request line|illegal header line|illegal": "h11 judges a line by its beginning, before its end has come",
    "Missing mandatory Host|Receive buffer too long": "h11 refuses what we go on to refuse for something else",
}  # fmt: skip


def alike(message):
    """A message with the one difference in form taken out: h11 tells a coding in lower case."""
    *line, fields, body = message
    return *line, [(name, value.lower() if name == "transfer-encoding" else value) for name, value in fields], body


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
        # A higher minor version is read as the highest that is spoken (RFC 9110 section 2.5).
        version = min(head.http_version.decode(), "1.1")
        messages.append((head.method.decode(), target, version, list(head.headers), body))
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
            assert alike(one) == alike((*two[:3], [(name.decode(), value) for name, value in two[3]], two[4])), (stream, one, two)
        accepted += common
        if len(mine) == len(other) and bool(my_refusal) == bool(other_refusal):
            refused += bool(my_refusal)
            continue
        # After what both read, one goes on where the other stops.
        we_stop = my_refusal and len(mine) <= len(other)
        table, said = (WE_REFUSE, my_refusal) if we_stop else (H11_REFUSES, other_refusal or "")
        reason = next((reason for pattern, reason in table.items() if re.search(pattern, said)), None)
        if reason is None:
            unexplained.append((stream, mine[common:], my_refusal, other[common:], other_refusal))
        else:
            reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
        print(f"{count:6}  {reason}")
    print(f"{len(corpus)} streams: {accepted} requests read alike, {refused} streams refused by both, {sum(reasons.values())} by one")
    assert not unexplained, f"{len(unexplained)}, of which: {unexplained[:5]}"
    assert accepted > 1000 and refused > 1000
