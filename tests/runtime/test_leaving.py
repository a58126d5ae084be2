"""The end of a process: everything that waits is delivered and reported, however the process ends."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any, Callable

import pytest

from outfall_runtime import metrics
from outfall_runtime._common.leaving import Leaving

Python = Callable[..., Any]
SERVICE = """
import multiprocessing, sys
from outfall_runtime import StagedRegistry, emit, events
table = StagedRegistry("service.table")

def take(batch):
    with open("events", "a") as stream:
        stream.write("".join(f"{one.fields['number']}\\n" for one in batch))

def work(number):
    events.attach("a", take, batch=100, seconds=3600)
    table[number] = number
    emit("a", number=number)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    children = [context.Process(target=work, args=(number,)) for number in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
"""
IMPORTED_LATE = """
import multiprocessing, sys

def work(number):
    import service
    service.work(number)

if __name__ == "__main__":
    child = multiprocessing.get_context(sys.argv[1]).Process(target=work, args=(7,))
    child.start()
    child.join()
    assert child.exitcode == 0
"""
ENVIRONMENT = {"OUTFALL_METRICS_DIR": "metrics", "OUTFALL_FLAGS": "use_registry=new"}
METHODS = multiprocessing.get_all_start_methods()


def writes_of_those_that_ended(folder: Path) -> "list[int]":
    """How often each process that ended cleanly has written to the table."""
    processes = metrics.merge(metrics.read_folder(folder)[0])["processes"]
    ended = [one for one in processes if one["ended"] == "exit"]
    return sorted(one["states"]["service.table"]["writes"]["new"] for one in ended if "service.table" in one["states"])


@pytest.mark.parametrize("method", METHODS)
def test_a_child_of_multiprocessing_reports_and_delivers_before_it_leaves(method: str, python: Python, tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text(SERVICE)
    done = python("-Wignore", "service.py", method, environment=ENVIRONMENT)
    assert (done.stderr, done.returncode) == ("", 0)
    assert sorted((tmp_path / "events").read_text().split()) == ["0", "1"]
    assert writes_of_those_that_ended(tmp_path / "metrics")[-2:] == [1, 1]


@pytest.mark.parametrize("method", METHODS)
def test_so_does_one_that_imports_the_runtime_only_then(method: str, python: Python, tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "late.py").write_text(IMPORTED_LATE)
    done = python("-Wignore", "late.py", method, environment=ENVIRONMENT)
    assert (done.stderr, done.returncode) == ("", 0)
    assert (tmp_path / "events").read_text() == "7\n"
    assert writes_of_those_that_ended(tmp_path / "metrics") == [1]


def test_everything_is_done_once_the_last_first_and_a_failure_keeps_nothing_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("atexit.register", lambda action: action)
    leaving, done = Leaving(), []  # type: ignore[var-annotated]
    leaving.add(lambda: done.append("first"))
    leaving.add(lambda: 1 // 0)
    leaving.add(lambda: done.append("last"))
    leaving.leave()
    leaving.leave()
    assert done == ["last", "first"]
    assert caplog.text.count("ZeroDivisionError: ") == 1
    monkeypatch.setattr(os, "getpid", lambda: -1)  # a forked child ends for itself
    leaving.leave()
    assert done == ["last", "first"] * 2


KILLED_EARLY = """
import glob, os, signal, time
from outfall_runtime import StagedRegistry
table = StagedRegistry("service.table")
table["a"] = 1
deadline = time.monotonic() + 20
while not glob.glob("metrics/*.json") and time.monotonic() < deadline:
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs SIGKILL")
def test_a_process_that_is_killed_long_before_its_interval_has_reported(python: Python, tmp_path: Path) -> None:
    done = python(KILLED_EARLY, environment={**ENVIRONMENT, "OUTFALL_METRICS_SECONDS": "3600"})
    assert done.returncode == -9
    (one,) = metrics.merge(metrics.read_folder(tmp_path / "metrics")[0])["processes"]
    assert (one["ended"], one["states"]["service.table"]["writes"]["new"]) == ("", 1)
