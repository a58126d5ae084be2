"""Every test of the runtime leaves flags, tables and contexts as it found them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Set

import pytest

from outfall_runtime import Registry, StagedRegistry, flags
from outfall_runtime import _flag_file, _workers
from outfall_runtime.testing import isolated

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"


@pytest.fixture(autouse=True)
def isolation() -> Iterator[None]:
    with isolated():
        yield


@pytest.fixture(params=["legacy", "shadow", "new", "enforced"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def in_thread() -> Callable[[Callable[[], Any]], Any]:
    """Run a function in a plain thread and return its result."""

    def run(function: Callable[[], Any]) -> Any:
        results: List[Any] = []
        thread = threading.Thread(target=lambda: results.append(function()))
        thread.start()
        thread.join(30)
        assert results, "the thread failed or did not end"
        return results[0]

    return run


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run a program, or `-m module arguments`, in a fresh interpreter with the runtime on its path."""

    def run(*arguments: str, environment: Optional[Dict[str, str]] = None) -> "subprocess.CompletedProcess[str]":
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OUTFALL_")}
        clean.update({"PYTHONPATH": str(RUNTIME), **(environment or {})})
        command = [sys.executable, *(("-c",) if len(arguments) == 1 else ()), *arguments]
        return subprocess.run(command, env=clean, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture(params=["direct", "legacy", "shadow", "new", "enforced"])
def make(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Makes registries of every kind, in every mode."""
    if request.param == "direct":
        return lambda *args, **kwargs: Registry("make.table", *args, **kwargs)
    flags.set("use_registry", request.param)
    return lambda *args, **kwargs: StagedRegistry("make.table", *args, **kwargs)


@pytest.fixture
def run_all() -> Callable[[List[Callable[[], Any]]], None]:
    """Run functions in one thread each, all at once."""

    def run(work: List[Callable[[], Any]]) -> None:
        threads = [threading.Thread(target=one) for one in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)

    return run


@pytest.fixture
def eager_switching() -> Iterator[None]:
    """Let threads interrupt each other a thousand times more often than usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stops the monotonic clock; calling it moves it on by some seconds."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


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
        _flag_file.put(self.file, {"flags": {}}, revision=1, actor="test")
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
