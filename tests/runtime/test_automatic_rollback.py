"""The rollback that nobody had to type: a stage is taken back once when a threshold is exceeded."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import control, metrics
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout import figures, guard, limits as _limits, stages
from outfall_runtime.errors import BrokenSource

from .rollouts import Rollout


def one(errors: int = 0) -> Dict[str, Any]:
    """A process of another machine that has answered a thousand requests."""
    counts = {"requests": 1000, "errors": errors}
    found = {"host": "web", "pid": 7, "machine": "elsewhere", "started": metrics.now(), "updated": metrics.now()}
    return {**found, "states": {}, "service": {**counts, "window": counts}}


class Watched(Rollout):
    """A rollout at stage 3, and processes that report."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.at("3")
        self.report(one())
        baseline = figures.baseline(metrics.merge(metrics.read_folder(str(self.metrics))[0])["processes"])
        Path(guard.place(self.file)).write_text(json.dumps(baseline))

    def report(self, *processes: Dict[str, Any]) -> None:
        (self.metrics / "one.json").write_text(json.dumps(metrics.evidence(processes)))

    def position(self) -> str:
        return str(flag_file.read(self.file).rollout["stage"])


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_while_thresholds_are_kept_nothing_happens(watched: Watched) -> None:
    look = guard.look(timeout=0, **watched.place)
    assert (look.said, look.move, watched.position()) == ("all thresholds are kept", None, "3")


def test_a_breach_takes_back_the_latest_stage_and_only_that(watched: Watched) -> None:
    watched.report(one(errors=100))
    look = guard.look(timeout=0, **watched.place)
    assert look.move is not None
    assert (look.move.before, look.move.after, watched.position()) == ("3", "2", "2")
    again = guard.look(timeout=0, **watched.place)
    assert (again.move, again.said.startswith("waiting "), watched.position()) == (None, True, "2")
    entry = control.history(file=watched.file)[0][-1]
    assert (entry["action"], entry["actor"], entry["reason"]) == (
        "automatic", "automatic", "error_rate is 0.1, at most 0.001 is allowed",
    )  # fmt: skip


def test_a_dry_run_only_says_so(watched: Watched) -> None:
    watched.report(one(errors=100))
    look = guard.look(dry=True, timeout=0, **watched.place)
    assert (look.said, watched.position()) == ("stage 3 (context) would be taken back", "3")


def test_what_was_never_on_is_not_taken_back(watched: Watched) -> None:
    control.rollback("1", reason="x", actor="ada", timeout=0, **watched.place)
    watched.report(one(errors=100))
    assert "nothing is rolled out" in guard.look(timeout=0, **watched.place).said


def test_two_that_look_at_once_take_back_once(watched: Watched) -> None:
    watched.report(one(errors=100))
    looks: List[guard.Look] = []
    start = threading.Barrier(8)

    def look() -> None:
        start.wait()
        looks.append(guard.look(timeout=0, **watched.place))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ([look.move is not None for look in looks].count(True), watched.position()) == (1, "2")


def test_a_broken_baseline_is_named(watched: Watched) -> None:
    Path(guard.place(watched.file)).write_text('{"format": "outfall-baseline", "version": 1, "figures": {"x": "y"}}')
    with pytest.raises(BrokenSource, match="write it again with `metrics collect`"):
        guard.look(timeout=0, **watched.place)


BEGIN = """
import os, sys, threading, time
from outfall_runtime import Registry, StagedRegistry, emit, events, flags, metrics
from outfall_runtime._measures import service as _service
table = StagedRegistry("service.table", {"a": 1})
"""
END = """
end = time.monotonic() + 20
while flags.enabled("use_registry") and time.monotonic() < end:
    time.sleep(0.01)
print(flags.mode("use_registry"), table)
"""
SLOW_KEY = """
class Slow:
    def __hash__(self):
        time.sleep(0.002)
        return 1
slow = Registry("service.slow", {Slow(): 1})
"""
BLOCKED = """
events.attach("a", lambda event: threading.Event().wait(20))
emit("a"), emit("a")
import outfall_runtime._events.board as board
board.SECONDS_AT_EXIT = 0.1
"""
CHILD = """
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        time.sleep(0.01)
    os._exit(0)
"""
GROWING = """
_service.LEAST_GROWTH = 0.2
def grow():
    for number in range(2000):
        table[number] = "x" * 1000
        time.sleep(0.001)
threading.Thread(target=grow, daemon=True).start()
table = StagedRegistry("service.growing")
"""
# What a service does, what its baseline and its limits are, and what is exceeded.
DOES_BADLY = {
    "error_rate": ("for n in range(1000): metrics.count_request(failed=n % 5 == 0)", {"error_rate": 0.01}, {}),
    "not_found_rate": ("for n in range(1000): metrics.count_lookup(found=n % 5 > 0)", {"not_found_rate": 0.1}, {}),
    "registry_p99_ms": (SLOW_KEY, {}, {"registry_p99_ms": 1.0}),
    "tables_mb": ("table['b'] = 'x' * 2_000_000", {}, {"tables_mb": 1.0}),
    "growth_mb_per_hour": (GROWING, {}, {}),
    "batch_lag_seconds": (BLOCKED, {}, {"batch_lag_seconds": 0.3}),
    "processes": (CHILD, {"processes": 1.0}, {}),
}


def test_every_threshold_has_a_service_that_exceeds_it() -> None:
    assert {name.replace("_rise", "") for name in _limits.THRESHOLDS} == set(DOES_BADLY)


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="one of the services forks")
@pytest.mark.parametrize("name", DOES_BADLY)
def test_a_service_that_does_badly_takes_its_own_stage_back(name: str, python: Callable[..., Any], tmp_path: Path) -> None:
    does, baseline, limits = DOES_BADLY[name]
    rollout = {"stage": "2", "since": "2026-01-01T00:00:00Z"}
    file = str(tmp_path / "flags.json")
    flag_file.put(file, {"flags": stages.applied("2", {}), "rollout": rollout}, revision=1, actor="test")
    Path(_limits.place(file)).write_text(json.dumps({"version": 1, "thresholds": limits}))
    document = {"format": "outfall-baseline", "version": 1, "figures": baseline}
    Path(guard.place(file)).write_text(json.dumps(document))
    environment = {"OUTFALL_FLAG_FILE": "flags.json", "OUTFALL_METRICS_DIR": "metrics", "OUTFALL_METRICS_SECONDS": "0.1"}
    done = python("-Wignore", "-c", BEGIN + does + END, environment={**environment, "OUTFALL_AUTO_ROLLBACK": "1"})
    assert done.stdout.startswith("legacy {"), done.stderr
    assert f"automatic rollback: stage 2 (registry) was taken back: {name} is" in done.stderr
    assert control.history(file=file)[0][-1]["actor"] == "automatic"


def test_a_mark_of_somebody_else_keeps_nobody_from_looking(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = watched.metrics / "guard.lock"
    mark.touch()
    os.utime(mark, (1, 1))

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    watched.report(one(errors=100))
    for name, value in (("FLAG_FILE", watched.file), ("METRICS_DIR", str(watched.metrics)), ("AUTO_ROLLBACK", "1")):
        monkeypatch.setenv(f"OUTFALL_{name}", value)
    monkeypatch.setattr(os, "utime", refuse)
    guard.after_snapshot()
    assert watched.position() == "2"


def test_a_baseline_is_not_written_over_with_figures_of_the_new_way(
    watched: Watched, python: Callable[..., Any]
) -> None:
    before = Path(guard.place(watched.file)).read_text()
    place = {"OUTFALL_FLAG_FILE": watched.file, "OUTFALL_METRICS_DIR": str(watched.metrics)}
    refused = python("-m", "outfall_runtime", "metrics", "collect", environment=place)
    assert (refused.returncode, Path(guard.place(watched.file)).read_text()) == (4, before)
    assert "the rollout is at stage 3 (context):\n  these figures are of the new way" in refused.stderr
    assert python("-m", "outfall_runtime", "metrics", "collect", "--out", "x.json", environment=place).returncode == 0
    assert python("-m", "outfall_runtime", "metrics", "collect", "--force", environment=place).returncode == 0
