"""A small pre-fork server, for tests: `prefork_server.py WORKERS FOLDER`.

The master makes the states and the listening socket, forks the workers and replaces any that dies. A
worker answers one line per connection. It keeps a plain copy of what it wrote, and says `lost` if the
staged table or the context does not agree with it. At a clean end it leaves what it knows of its own
writes in FOLDER/<pid>.truth, to hold its evidence against.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from typing import Any, Dict, List, Set

from outfall_runtime import StagedContextLocal, StagedRegistry, flags, metrics

table: "StagedRegistry[str, int]" = StagedRegistry("server.entries", {"from the master": 0})
request: Any = StagedContextLocal("server.request", "user")
TABLE, CONTEXT = "use_registry:server.entries", "use_context:server.request"


class Worker:
    """One process that answers."""

    def __init__(self, listening: socket.socket, folder: str) -> None:
        self.listening = listening
        self.folder = folder
        self.written: Dict[str, int] = {"from the master": 0}
        self.sure: Dict[str, int] = {}
        self.unsure = 0  # the mode changed while they were made
        self.followed = flags.mode(TABLE)  # by the table, which follows its flag a moment later
        self.ended = False

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self.end)
        flags.on_change(self.follow)
        self.listening.settimeout(0.1)
        while not self.ended:
            try:
                connection, _ = self.listening.accept()
            except socket.timeout:
                continue
            with connection:
                connection.settimeout(5.0)
                begun = time.perf_counter()
                connection.sendall(self.answer(connection.recv(1000).decode()).encode())
                metrics.count_request(seconds=time.perf_counter() - begun)
        with open(os.path.join(self.folder, f"{os.getpid()}.truth"), "w") as stream:
            json.dump({"sure": self.sure, "unsure": self.unsure, "entries": len(self.written)}, stream)

    def end(self, *_: object) -> None:
        self.ended = True

    def follow(self, _: object) -> None:
        self.followed = flags.mode(TABLE)

    def answer(self, asked: str) -> str:
        before = self.followed
        number = len(self.written)
        table[f"{asked}-{number}"] = number
        if before == self.followed == flags.mode(TABLE):
            self.sure[before] = self.sure.get(before, 0) + 1
        else:
            self.unsure += 1
        self.written[f"{asked}-{number}"] = number
        request.user = asked
        user = request.user
        if dict(table) != self.written or user != asked:
            return f"lost {os.getpid()} has {len(table)} of {len(self.written)} entries, user {user!r} of {asked!r}"
        return f"ok {os.getpid()} {flags.mode('use_registry')} {flags.mode('use_context')}"


def spawn(listening: socket.socket, folder: str) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        Worker(listening, folder).run()
        code = 0
    finally:
        if code:
            import traceback

            traceback.print_exc()
    sys.exit(code)


def main(count: int, folder: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    ended: List[int] = []
    workers: Set[int] = set()
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    for _ in range(count):
        workers.add(spawn(listening, folder))
    with open(os.path.join(folder, "port.tmp"), "w") as stream:
        stream.write(str(listening.getsockname()[1]))
    os.replace(os.path.join(folder, "port.tmp"), os.path.join(folder, "port"))
    while not ended:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid in workers:
            workers.discard(pid)
            workers.add(spawn(listening, folder))
        else:
            signal.sigtimedwait([], 0.02)
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
    for worker in workers:
        os.waitpid(worker, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
