"""What an idle connection costs in memory, against nginx: each has been answered once and is kept open."""
import contextlib
import resource
import socket

from checkpoints import write_llama
from harness import Row, Table, memory, say

TITLE = "Idle connections"
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def allow_many_files():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def idle_connections(port, count):
    """So many connections, each after one request and its answer."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
        for connection in connections:
            connection.sendall(REQUEST)
        for connection in connections:
            connection.settimeout(30)
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("no answer")
        yield connections


def anonymous(server):
    """KiB of anonymous memory of a server's processes."""
    return sum(memory(pid)[0] for pid in server.pids()) * 1024


def cost(server, count):
    """KiB for each of so many connections."""
    before = anonymous(server)
    with idle_connections(server.port, count):
        return (anonymous(server) - before) / count


def run(bench):
    allow_many_files()
    checkpoint = write_llama(bench.folder() / "llama", layers=1, random=False)
    rows = []
    for count in (1000, 5000):
        ours, peer = [], []
        for _ in range(bench.rounds(5)):
            # Servers of their own each time: what a process has taken once it keeps.
            for costs, server in ((ours, bench.daemon(checkpoint)), (peer, bench.nginx(bench.folder()))):
                cost(server, 16)
                costs.append(cost(server, count))
                server.stop()
        rows.append(Row(f"anonymous memory a connection, {count:,} idle", ours, peer, "KiB",
                        [a / b for a, b in zip(ours, peer)], 0.5, least=False))
        say(f"  {count}: {rows[-1].median:.2f}")
    yield Table(TITLE, "nginx, keep-alive", rows)
