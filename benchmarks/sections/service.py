"""What measuring costs a web service, as a share of its requests in the same run.

What the runtime does for a request is timed by itself and held against the request: two runs with and
without it differ by more than that from one round to the next. A request is an HTTP/1.1 request over a socket pair, parsed by `http.server`, answered with JSON from a
table and a context. That is as little as a real service does, so its share of the cost is the largest.
"""

from __future__ import annotations

import json
import socket
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from benchmarks.table import Row
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, Ratio, ratio
from outfall_runtime import StagedContextLocal, StagedRegistry, flags, metrics
from outfall_runtime._measures.service import Service

TITLE = "service: what measuring costs"
UNIT = "1 % of a request"
REQUEST = b"GET /agents/a HTTP/1.1\r\nHost: localhost\r\nUser-Agent: benchmark\r\nAccept: application/json\r\n\r\n"
MINUTE = 60.0  # seconds between two snapshots


def handler(agents: StagedRegistry[str, dict[str, str]], local: Any) -> type[BaseHTTPRequestHandler]:
    """What answers one request from a table, for the user that the context names."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            local.user = self.headers["User-Agent"]
            agent = agents.get(self.path.rpartition("/")[2], {})
            body = json.dumps({**agent, "user": local.user}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """A benchmark logs nothing."""

    return Handler


def answer(by: type[BaseHTTPRequestHandler]) -> None:
    """One request and its answer."""
    client, server = socket.socketpair()
    with client, server:
        client.sendall(REQUEST)
        client.shutdown(socket.SHUT_WR)
        by(server, ("localhost", 0), None)  # type: ignore[arg-type]
        client.recv(4096)


def count() -> None:
    """What a service adds to a request so that it is counted with its time."""
    begun = time.perf_counter()
    metrics.count_request(seconds=time.perf_counter() - begun)


def rows(quick: bool) -> list[Row]:
    """The cost of counting requests, and of writing a snapshot every minute."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    agents = StagedRegistry("benchmarks.agents", {str(n): {"name": f"agent {n}"} for n in range(1000)})
    local: Any = StagedContextLocal("benchmarks.request", "user")
    names = {"answer": answer, "by": handler(agents, local), "count": count}
    with flags.override("use_registry", "new"), flags.override("use_context", "new"):
        cost = ratio("count()", "answer(by)", names, rounds)
    return [
        Row("request counted with its time", percent(cost), UNIT, 2),
        Row("snapshot of 1,000 entries, every minute", percent(snapshots(rounds)), "1 % of a core", 2),
    ]


def percent(share: Ratio) -> Ratio:
    """The same in hundredths."""
    return Ratio(share.median * 100, share.low * 100, share.high * 100)


def snapshots(rounds: int) -> Ratio:
    """The share of a core that the thread takes which writes snapshots."""
    service = Service()
    pairs = []
    for _ in range(rounds + 2):
        begun = time.process_time()
        service.snapshot()
        metrics.process()
        pairs.append((time.process_time() - begun, MINUTE))
    return Ratio.of(pairs)
