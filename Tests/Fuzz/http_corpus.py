"""Requests of all kinds, right and wrong, as bytes: the seeds of the targets head and chunked, and what is compared with h11."""

CHUNKS = [
    b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n", b"A\r\n0123456789\r\n0\r\n\r\n",
    b'5;a="b;c"\r\nhello\r\n0;last\r\n\r\n', b"005\r\nhello\r\n000\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b"5 ;a\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"5\r\nhell\r\n0\r\n\r\n", b"g\r\n", b"+5\r\nhello\r\n0\r\n\r\n",
    b"-5\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n", b"\r\n", b"7fffffffffffffff\r\n", b"ffffffffffffffff\r\n",
    b"10000000000000005\r\nhello\r\n0\r\n\r\n", b"0\r\nA: b\r\n c\r\n\r\n", b"0\r\nno colon\r\n\r\n", b"0\r\nContent-Length: 5\r\n\r\n",
    b"0\r\n\n", b"5;a\rb\r\nhello\r\n0\r\n\r\n", b"5;\x00\r\nhello\r\n0\r\n\r\n", b"1\r\na\r\n" * 30 + b"0\r\n\r\n", b"2\r\n\r\n\r\n0\r\n\r\n",
]  # fmt: skip

_LINES = [
    b"", b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 05", b"Content-Length: +5", b"Content-Length: -5",
    b"Content-Length: 5, 5", b"Content-Length: 5, 6", b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length:", b"Content-Length: 99999999999999999999", b"Content-Length : 5", b"Content-Length:\t5\t", b"content-length: 5",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: CHUNKED", b"transfer-encoding:chunked", b"Transfer-Encoding: identity",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding : chunked",
    b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding:", b"Host: y", b"X: a\r\n folded", b"X: a\rb", b"X: a\x00b", b" X: y", b"X Y: z",
    b": x", b"no colon", b"X:", b"X: ", b"X:   padded \t ", b"X: \xff\xfe", b"X: \x7f", b"X: \x01", b"X: a\tb", b"X;Y: z", b"!#$%&'*+-.^_`|~: x",
    b"Connection: close", b"Connection: keep-alive, x", b"Expect: 100-continue", b"Expect: 200-ok", b"Upgrade: websocket\r\nConnection: upgrade",
    b"Range: bytes=0-5,7-", b'If-None-Match: "a", W/"b"', b"Accept: */*\r\nUser-Agent: x/1 (y)\r\nAccept-Encoding: gzip, deflate",
]  # fmt: skip

_STARTS = [
    b"GET / HTTP/1.1", b"HEAD /shard?rank=0&mp=1 HTTP/1.1", b"POST /manifests/x/reload HTTP/1.1", b"PUT /manifests/x HTTP/1.1", b"OPTIONS * HTTP/1.1",
    b"GET http://host:1/a?b HTTP/1.1", b"GET https://host HTTP/1.1", b"GET /%2e%2e/%41 HTTP/1.1", b"GET /../a HTTP/1.1", b"GET /a#b HTTP/1.1",
    b"GET /%zz HTTP/1.1", b"GET /\xc3\xa9 HTTP/1.1", b"GET /%c3%a9 HTTP/1.1", b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"GET /",
    b"GET / HTTP/1.0", b"GET / HTTP/2.0", b"GET / HTTP/1.2", b"GET / HTTP/11", b"GET / http/1.1", b"get / HTTP/1.1", b"G@T / HTTP/1.1", b"M-SEARCH / HTTP/1.1",
    b"GET * HTTP/1.1", b"CONNECT a:1 HTTP/1.1", b"GET a HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1",
    b"\r\nGET / HTTP/1.1", b"\r\n\r\nGET / HTTP/1.1", b"\nGET / HTTP/1.1", b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\nHost: x",
    b"A" * 33 + b" / HTTP/1.1", b"GET " + b"/" * 2000 + b" HTTP/1.1",
]  # fmt: skip

_HOSTS = [b"Host: x", b"Host: [::1]:80", b"Host: a/b", b"Host: a@b", b"Host:", b"host: x", b"X: y"]


def requests():
    """Every request line, every host, and every other line with a body behind it, each beside what is right."""
    for start in _STARTS:
        yield start + b"\r\nHost: x\r\n\r\n"
    for host in _HOSTS:
        yield b"GET / HTTP/1.1\r\n" + host + b"\r\n\r\n"
        yield b"GET / HTTP/1.0\r\n" + host + b"\r\n\r\n"
    for line in _LINES:
        for version in (b"1.1", b"1.0"):
            head = b"POST /a HTTP/" + version + b"\r\nHost: x\r\n" + (line + b"\r\n" if line else b"") + b"\r\n"
            for body in (b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n"):
                yield head + body + b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
    for chunks in CHUNKS:
        yield b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
