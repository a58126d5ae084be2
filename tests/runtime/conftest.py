"""Every test of the runtime leaves flags, tables and contexts as it found them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set

import pytest
from hypothesis import HealthCheck, settings

from outfall_runtime import Event, Registry, Span, StagedRegistry, control, events, flags, metrics, spans
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout import readiness, stages, workers as _workers
from outfall_runtime._rollout.limits import Limits, defaults
from outfall_runtime.testing import isolated

# How long it takes to think of an example says more about the machine's neighbours than about the runtime.
settings.register_profile("runtime", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("runtime")

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
def sound_without_the_lock() -> None:
    """Skip what the free-threaded 3.13 cannot do: there a thread that is gone keeps the lock for stopping all others, and
    modules lose their globals before everything that uses them has ended.
    """
    if sys.version_info[:2] == (3, 13) and sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("CPython 3.13 without its global lock may hang in a forked child, and ends in disorder")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where a test keeps the backup of its tables."""
    return str(tmp_path / "tables.json")


@pytest.fixture
def agents() -> "Registry[str, Any]":
    """A table with something in it, `test_tables.agents`."""
    return Registry("test_tables.agents", {"a": 1, "b": [1, {"c": None}]})


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run a program, or `-m module arguments`, in a fresh interpreter with the runtime on its path."""

    def run(*arguments: str, environment: Optional[Dict[str, str]] = None) -> "subprocess.CompletedProcess[str]":
        clean = {name: value for name, value in os.environ.items() if not name.startswith("OUTFALL_")}
        clean.update({"PYTHONPATH": str(RUNTIME), **(environment or {})})
        command = [sys.executable, *(("-c",) if len(arguments) == 1 else ()), *arguments]
        return subprocess.run(command, env=clean, cwd=tmp_path, capture_output=True, text=True, timeout=180)

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
def race(run_all: Callable[[List[Callable[[], Any]]], None]) -> Callable[..., None]:
    """Run functions at once, in one thread each; what one of them raises fails the test.

    Each function is called `rounds` times; for as long as any of them goes on, those `beside` are called again and again.
    """

    def run(*works: Callable[[], Any], rounds: int = 1, beside: Sequence[Callable[[], Any]] = ()) -> None:
        start, left = threading.Barrier(len(works) + len(beside)), [None] * len(works)
        errors: List[Exception] = []

        def repeat(work: Callable[[], Any]) -> None:
            start.wait()
            try:
                for _ in range(rounds):
                    work()
            except Exception as error:
                errors.append(error)
            finally:
                left.pop()

        def accompany(work: Callable[[], Any]) -> None:
            start.wait()
            while left:
                work()

        run_all([*(lambda one=one: repeat(one) for one in works), *(lambda one=one: accompany(one) for one in beside)])
        if errors:
            raise errors[0]

    return run


@pytest.fixture
def eager_switching() -> Iterator[None]:
    """Let threads interrupt each other a thousand times more often than usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def in_step(eager_switching: None) -> Callable[..., None]:
    """Run `work(thread, round)` in some threads, round by round, each at the same instant; alone before each, `before(round)`."""

    def run(
        threads: int, rounds: int, work: Callable[[int, int], object], before: Callable[[int], object] = lambda number: None
    ) -> None:
        barrier = threading.Barrier(threads)
        arrived: List[int] = []
        failures: List[BaseException] = []

        def steps(me: int) -> None:
            try:
                for number in range(rounds):
                    if barrier.wait(30) == 0:
                        before(number)
                    barrier.wait(30)
                    arrived.append(me)
                    for _ in range(2_000):  # a barrier lets them go one after the other
                        if len(arrived) == threads * (number + 1):
                            break
                    work(me, number)
            except threading.BrokenBarrierError:  # another one failed
                pass
            except BaseException as error:
                failures.append(error)
                barrier.abort()

        crew = [threading.Thread(target=steps, args=(me,)) for me in range(threads)]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join(60)
        assert not any(thread.is_alive() for thread in crew)
        if failures:
            raise failures[0]

    return run


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


@pytest.fixture
def finished() -> Iterator[List[Span]]:
    """Every span that ends during the test."""
    ended: List[Span] = []
    stop = spans.on_end(ended.append)
    yield ended
    stop()


@pytest.fixture
def heard() -> List[Event]:
    """Every event of the test, in order, as it happens."""
    found: List[Event] = []
    events.attach("*", found.append, inline=True)
    return found
