"""Every test of the runtime leaves flags, tables and contexts as it found them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest

from outfall_runtime import Registry, StagedRegistry, flags
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
