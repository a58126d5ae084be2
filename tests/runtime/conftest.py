"""Every test of the runtime leaves flags, tables and contexts as it found them."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest
from hypothesis import HealthCheck, settings

from outfall_runtime import Event, Registry, Span, StagedRegistry, events, flags, spans
from outfall_runtime.testing import isolated

from .crews import eager_switching, in_step, in_thread, race, run_all  # noqa: F401 - fixtures
from .rollouts import RUNTIME, rollout, serve  # noqa: F401 - fixtures

# How long it takes to think of an example says more about the machine's neighbours than about the runtime.
settings.register_profile("runtime", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("runtime")


@pytest.fixture(autouse=True)
def isolation() -> Iterator[None]:
    with isolated():
        yield


@pytest.fixture(params=["legacy", "shadow", "new", "enforced"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def table() -> "StagedRegistry[Any, Any]":
    """In `new`, with room for two; key 1 was evicted, 2 and 3 are there."""
    flags.set("use_registry", "new")
    made: StagedRegistry[Any, Any] = StagedRegistry("conftest.table", {}, limit=2)
    made.update({1: "one", 2: "two", 3: "three"})
    assert list(made) == [2, 3]
    return made


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
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stops the monotonic clock; calling it moves it on by some seconds."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


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
