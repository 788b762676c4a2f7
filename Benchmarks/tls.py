"""TLS 1.3 with TLS_AES_128_GCM_SHA256 and a P-256 certificate, against nginx with the same cipher, library and files: alternating
A B A B, medians of the ratios with their range.

    tls.py WEIGHT_SERVER_BINARY [--mib MIB] [--rounds ROUNDS]

Bulk is a warm checkpoint, verbatim; the client is threads of Python's ssl, which may be what bounds it, so the processor time that the
server takes for a GB stands beside it. Handshakes are `openssl s_time`, one after the other.
"""
import argparse
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from serve import free_port, make_checkpoint, row

NGINX = """
worker_processes 2;
pid {work}/nginx.pid;
error_log {work}/nginx-error.log;
daemon off;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3;
  uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {work}/ca/server.pem;
    ssl_certificate_key {work}/ca/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_prefer_server_ciphers on;
    root {work}/files;
  }}
}}
"""
MAKE_CA = Path(__file__).resolve().parents[1] / "deploy" / "make-test-ca"


def receive(port, path, buffer, context):
    """The bytes of one answer's body, received into `buffer` over and over."""
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, server_hostname="localhost") as connection:
        if connection.cipher()[0] != "TLS_AES_128_GCM_SHA256":
            raise RuntimeError(connection.cipher())
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head[:200])
        total = len(head) - head.index(b"\r\n\r\n") - 4
        length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
        while total < length:
            total += connection.recv_into(buffer)
        return total


def bandwidth(port, path, connections, least, context):
    """GB/s over that many connections at once, at least `least` bytes in all."""
    buffers = [bytearray(1 << 20) for _ in range(connections)]
    totals = [0] * connections

    def work(index):
        while True:
            totals[index] += receive(port, path, buffers[index], context)
            if sum(totals) >= least:
                return

    threads = [threading.Thread(target=work, args=(index,)) for index in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(totals) / (time.perf_counter() - start) / 1e9


def processor_seconds(parent):
    """Of a process and its children, so far."""
    numbers = [parent]
    for task in Path(f"/proc/{parent}/task").iterdir():
        numbers += [int(child) for child in (task / "children").read_text().split()]
    total = 0
    for number in numbers:
        fields = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def gigabytes_per_processor_second(parent, *bulk):
    """GB that a server encrypts and sends in a second of processor time."""
    before = processor_seconds(parent)
    start = time.perf_counter()
    rate = bandwidth(*bulk)
    return rate * (time.perf_counter() - start) / (processor_seconds(parent) - before)


def handshakes_per_second(port, *options):
    text = subprocess.run(
        ["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-time", "2", *options], capture_output=True, text=True).stdout
    count, seconds = re.findall(r"(\d+) connections in (\d+) real seconds", text)[-1]
    return int(count) / int(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    work = tempfile.mkdtemp()
    processes = []
    try:
        os.chmod(work, 0o755)
        subprocess.run([MAKE_CA, f"{work}/ca"], check=True)
        context = ssl.create_default_context(cafile=f"{work}/ca/ca.pem")
        folder = Path(work) / "llama"
        folder.mkdir()
        make_checkpoint(folder, options.mib)
        files = Path(work) / "files"
        subprocess.run([options.binary, "export", folder, "--mp", "1", "--rank", "0", "-o", files], check=True, stdout=subprocess.DEVNULL)
        configuration = Path(work) / "nginx.conf"
        port = free_port()
        configuration.write_text(NGINX.format(work=work, port=port))
        peer = subprocess.Popen(["nginx", "-c", configuration, "-p", work, "-g", "user root;"])
        processes.append(peer)
        daemon = subprocess.Popen(
            [options.binary, "serve", "--listen", "https://127.0.0.1:0", folder], stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL, env=dict(
                os.environ, WEIGHT_SERVER_LOGGING_LEVEL="warning", WEIGHT_SERVER_TLS_CERTIFICATE=f"{work}/ca/server.pem",
                WEIGHT_SERVER_TLS_KEY=f"{work}/ca/server.key"))
        processes.append(daemon)
        own = int(daemon.stdout.readline().rsplit(":", 1)[1])
        time.sleep(1)
        print("| work | here | nginx, ready files | ratio, median (range) |")
        print("| --- | --- | --- | --- |")
        path, ready, least = "/shard?rank=0&mp=1", "/llama-rank-0-of-1.safetensors", 1 << 30
        receive(own, path, bytearray(1 << 20), context)
        for connections in (1, 4):
            row(f"mp 1, verbatim, {connections} connections",
                lambda: bandwidth(own, path, connections, least, context),
                lambda: bandwidth(port, ready, connections, least, context), "GB/s", options.rounds)
        row("the same, 1 connection, by processor time of the server",
            lambda: gigabytes_per_processor_second(daemon.pid, own, path, 1, least, context),
            lambda: gigabytes_per_processor_second(peer.pid, port, ready, 1, least, context), "GB/s", options.rounds)
        row("handshakes, TLS 1.3", lambda: handshakes_per_second(own, "-new", "-tls1_3"),
            lambda: handshakes_per_second(port, "-new", "-tls1_3"), "/s", options.rounds)
        row("handshakes, TLS 1.2", lambda: handshakes_per_second(own, "-new", "-tls1_2"),
            lambda: handshakes_per_second(port, "-new", "-tls1_2"), "/s", options.rounds)
        row("handshakes, TLS 1.2, resumed", lambda: handshakes_per_second(own, "-reuse", "-tls1_2"),
            lambda: handshakes_per_second(port, "-reuse", "-tls1_2"), "/s", options.rounds)
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
