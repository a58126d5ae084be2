"""A rollout to try things on: of a real pre-fork server, or of files alone."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Set

import pytest

from outfall_runtime import control, metrics
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout import readiness, stages, workers as _workers
from outfall_runtime._rollout.limits import Limits, defaults

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"
SERVER = Path(__file__).with_name("prefork_server.py")
PATIENCE = 60.0  # seconds; a loaded machine is slow


class Server:
    """The pre-fork server as a process of its own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.file = str(folder / "flags.json")
        self.metrics = str(folder / "metrics")
        self.place = {"file": self.file, "folder": self.metrics}
        self.folder = folder
        self.count = count
        environment = {name: text for name, text in os.environ.items() if not name.startswith("OUTFALL_")}
        environment.update(PYTHONPATH=str(RUNTIME), OUTFALL_FLAG_FILE=self.file, OUTFALL_METRICS_DIR=self.metrics)
        environment.update(OUTFALL_METRICS_SECONDS="0.2", PYTHONWARNINGS="ignore::DeprecationWarning")
        flag_file.put(self.file, {"flags": {}}, revision=1, actor="test")
        self.errors = open(folder / "errors", "wb")
        command = [sys.executable, str(SERVER), str(count), str(folder)]
        self.process = subprocess.Popen(command, env=environment, stderr=self.errors, start_new_session=True)

    def ready(self) -> "Server":
        """Wait until it listens and every worker has said that it is there."""
        self.wait(lambda: (self.folder / "port").exists(), "the server did not start")
        self.port = int((self.folder / "port").read_text())
        self.wait(lambda: len(self.workers()) == self.count, "not all workers said that they are there")
        return self

    def workers(self) -> Set[int]:
        """The living workers that have said so."""
        found, _ = _workers.living(self.metrics, self.file)
        return {one.pid for one in found} - {self.process.pid}

    def console(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of the console about this service."""
        command = [sys.executable, "-m", "outfall_runtime", *arguments]
        place = {"OUTFALL_FLAG_FILE": self.file, "OUTFALL_METRICS_DIR": self.metrics, "USER": "ada"}
        environment = {**os.environ, "PYTHONPATH": str(RUNTIME), **place}
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=PATIENCE)

    def wait(self, condition: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, otherwise
            time.sleep(0.02)

    def ask(self, text: str) -> Optional[str]:
        """The answer; None where the worker was killed before it came."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
                connection.sendall(text.encode())
                return connection.recv(1000).decode() or None
        except ConnectionError:
            return None

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0
        self.errors.close()

    def close(self) -> None:
        """Whatever happened: nothing is left running."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # one by one, the master would replace them meanwhile
        self.process.wait(PATIENCE)
        self.errors.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[int], Server]]:
    made: List[Server] = []

    def start(count: int) -> Server:
        made.append(Server(tmp_path, count))
        return made[-1].ready()

    yield start
    for server in made:
        server.close()


BEGAN = "2026-01-01T00:00:00Z"
FIVE_HOURS_LATER = 1767225600.0 + 5 * 3600.0


class Rollout:
    """A flag file and a folder of evidence without any process; its stage began at BEGAN."""

    def __init__(self, folder: Path) -> None:
        self.file = str(folder / "flags.json")
        self.metrics = folder / "metrics"
        self.metrics.mkdir()
        self.place = {"file": self.file, "folder": str(self.metrics)}

    def flags(self) -> Dict[str, str]:
        flags: Dict[str, str] = json.loads(Path(self.file).read_text())["flags"]
        return flags

    def force(self, times: int = 1) -> control.Move:
        moves = [control.advance(actor="ada", force=True, reason="a test", timeout=0, **self.place) for _ in range(times)]
        return moves[-1]

    def at(self, stage: str) -> "Rollout":
        """Bring the flag file to a stage that began at BEGAN."""
        document = {
            "flags": stages.applied(stage, {}),
            "rollout": {"stage": stage, "since": BEGAN},
        }
        flag_file.put(self.file, document, revision=7, actor="ada")
        return self

    def missing(self, upcoming: str, now: float = FIVE_HOURS_LATER, limits: Limits = defaults()) -> List[str]:
        found = flag_file.read(self.file)
        position = str(found.rollout["stage"])
        said = readiness.missing(found, position, stages.named(upcoming), limits, str(self.metrics), now)
        about_processes = ("no running process follows", "no baseline", "metrics.count_request")
        return [line for line in said if not any(text in line for text in about_processes)]

    def evidence(self, *, mode: str = "shadow", unbroken: float = 5.0, updated: str = "2026-01-01T05:00:00Z", **more: Any) -> None:
        zero = {"legacy": 0, "shadow": 0, "new": 0, "enforced": 0}
        record = {"type": "table", "mode": mode, "hours": zero, "unbroken": unbroken, "reads": {**zero, mode: 3}}
        record.update(writes=zero, bleed=0, inherited=0, lost=0, would_evict=0, rollbacks=0, lost_sites=[])
        record.update(more)
        number = 7 + len(list(self.metrics.iterdir()))
        one = {"host": "web-1", "pid": number, "started": BEGAN, "updated": updated, "states": {"app.table": record}}
        (self.metrics / f"{number}.json").write_text(json.dumps(metrics.evidence([one])))


@pytest.fixture
def rollout(tmp_path: Path) -> Rollout:
    return Rollout(tmp_path)
