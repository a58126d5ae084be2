"""Evidence and the console: broken input is named, nothing is counted twice, values never appear."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import StagedContextLocal, StagedRegistry, flags, metrics
from outfall_runtime._rollout import figures
from outfall_runtime._measures.reporting import Reporter, seconds

Python = Callable[..., Any]
RUNTIME = Path(__file__).resolve().parents[2] / "runtime"


def process(**changes: Any) -> Dict[str, Any]:
    made = {"host": "web-1", "pid": 7, "started": "2026-01-01T00:00:00Z", "updated": "2026-01-01T01:00:00Z"}
    return {**made, "states": {}, **changes}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "no evidence file"),
        ('{"format": "other"}', "no evidence file"),
        ('{"format": "outfall-evidence", "version": 2}', "version is 2"),
        ('{"format": "outfall-evidence", "version": 1}', '"processes" is missing or malformed'),
        ('{"format": "outfall-evidence", "version": 1, "processes": [{"host": 1}]}', "malformed"),
        ('{"format": "outfall-evidence", "version": 1, "processes": [], "accepted": []}', '"accepted" is no object'),
    ],
)
def test_a_broken_evidence_file_is_named_and_the_others_are_read(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    (tmp_path / "b.json").write_text(json.dumps(metrics.evidence([process()])))
    (tmp_path / "c.json.17.tmp").write_text("half a file")
    documents, problems = metrics.read_folder(tmp_path)
    assert [one["processes"] for one in documents] == [[process()]]
    (problem,) = problems
    assert problem.startswith(str(tmp_path / "a.json"))
    assert reason in problem


def test_of_two_reports_of_a_process_the_later_counts() -> None:
    early, late = process(updated="2026-01-01T01:00:00Z"), process(updated="2026-01-01T02:00:00Z", states={"x": {}})
    reborn = process(started="2026-01-02T00:00:00Z")
    merged = metrics.merge([metrics.evidence([late]), metrics.evidence([early, reborn])])
    assert merged["processes"] == [late, reborn]
    assert metrics.merge([merged, merged])["processes"] == merged["processes"]


def test_processes_of_two_machines_with_one_name_and_number_are_two() -> None:
    twins = [process(machine="a"), process(machine="b")]
    assert metrics.merge([metrics.evidence([one]) for one in twins])["processes"] == twins


def test_a_snapshot_has_counts_and_never_values(tmp_path: Path) -> None:
    table: StagedRegistry[str, str] = StagedRegistry("test_metrics.table")
    local: Any = StagedContextLocal("test_metrics.local")
    flags.set("use_registry", "shadow")
    flags.set("use_context", "shadow")
    table["secret-key"] = "secret-value"
    local.user = "secret-user"
    assert (table["secret-key"], local.user) == ("secret-value", "secret-user")
    path = metrics.write_snapshot(tmp_path)
    assert path is not None
    text = Path(path).read_text()
    states = json.loads(text)["processes"][0]["states"]
    assert "secret" not in text
    assert (states["test_metrics.table"]["type"], states["test_metrics.local"]["type"]) == ("table", "context")
    for name in ("test_metrics.table", "test_metrics.local"):
        assert (states[name]["reads"]["shadow"], states[name]["writes"]["shadow"]) == (1, 1)
        assert set(states[name]) == {
            "type", "mode", "hours", "reads", "writes", "bleed", "inherited", "lost", "would_evict", "would_reject",
            "rollbacks", "lost_sites", "unbroken",
        }  # fmt: skip


def test_without_a_folder_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUTFALL_METRICS_DIR", raising=False)
    assert metrics.write_snapshot() is None


# -- while the process runs

SERVICE = "from outfall_runtime import StagedRegistry\ntable = StagedRegistry('service.table')\ntable['a'] = 1\n"
LIVELY = """
import os, signal, sys, time
from outfall_runtime import StagedRegistry
table = StagedRegistry("service.table")
for number in range(7):
    table[number] = number
deadline = time.monotonic() + 20
folder = os.environ["OUTFALL_METRICS_DIR"]
while time.monotonic() < deadline:
    if os.path.isdir(folder) and any(name.endswith(".json") for name in os.listdir(folder)):
        break
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
OFTEN = {"OUTFALL_METRICS_DIR": "metrics", "OUTFALL_METRICS_SECONDS": "0.05", "OUTFALL_FLAGS": "use_registry=new"}


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs SIGKILL")
def test_a_killed_process_has_reported_all_the_same(python: Python, tmp_path: Path) -> None:
    assert python(LIVELY, environment=OFTEN).returncode == -9
    (one,) = metrics.merge(metrics.read_folder(tmp_path / "metrics")[0])["processes"]
    assert one["states"]["service.table"]["writes"]["new"] == 7


FORKED = """
import glob, os, threading, time
from outfall_runtime import StagedRegistry
table = StagedRegistry("service.table")
child = os.fork()
names = [thread.name for thread in threading.enumerate()]
assert names.count("outfall-evidence") == 1, names
table["a"] = 1
if child == 0:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if any('"new": 1' in open(path).read() for path in glob.glob(f"metrics/*-{os.getpid()}-*.json")):
            break
        time.sleep(0.01)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_a_forked_child_reports_for_itself(python: Python, tmp_path: Path) -> None:
    done = python("-W", "ignore::DeprecationWarning", "-c", FORKED, environment=OFTEN)
    assert (done.stderr, done.returncode) == ("", 0)
    merged = metrics.merge(metrics.read_folder(tmp_path / "metrics")[0])
    assert len({one["pid"] for one in merged["processes"]}) == 2
    assert [one["states"]["service.table"]["writes"]["new"] for one in merged["processes"]] == [1, 1]


@pytest.mark.parametrize(
    "program", ["import outfall_runtime.metrics", "from outfall_runtime import *; Registry('x.y')"]
)
def test_no_thread_reports_where_nothing_is_staged(program: str, python: Python) -> None:
    done = python(f"{program}\nimport threading; print(threading.active_count())", environment=OFTEN)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_folder_that_cannot_be_written_is_reported_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tries: List[int] = []
    enough = threading.Event()

    def fail() -> None:
        tries.append(1)
        if len(tries) == 3:
            enough.set()
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUTFALL_METRICS_SECONDS", "0.01")
        reporter = Reporter(fail)
        reporter.start()
        assert enough.wait(20)
        reporter.stop()
    assert [record.getMessage() for record in caplog.records] == [
        "evidence could not be written: [Errno 28] No space left on device; trying again"
    ]


@pytest.mark.parametrize("text", ["often", "1m"])
def test_an_interval_that_is_no_number_is_named(
    text: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OUTFALL_METRICS_SECONDS", text)
    assert seconds() == 60.0
    assert repr(text) in caplog.text


def test_of_two_processes_of_one_second_the_later_is_known() -> None:
    times = {metrics.process()["updated"]}
    deadline = time.monotonic() + 20
    while len(times) < 2 and time.monotonic() < deadline:
        times.add(metrics.process()["updated"])
    first, second = sorted(times)
    assert (len(first), first[-1], first[-5]) == (24, "Z", ".")
    assert first < second


def test_of_two_reports_the_later_is_known_though_the_clock_was_set_back() -> None:
    first = process(sequence=1, updated="2026-01-01T02:00:00Z", states={"x": {}})
    second = process(sequence=2, updated="2026-01-01T01:00:00Z", states={"x": {}, "y": {}})
    merged = metrics.merge([metrics.evidence([second]), metrics.evidence([first])])
    assert merged["processes"] == [second]


KILLED_AT_ONCE = """
import os
from outfall_runtime import StagedRegistry, metrics
table = StagedRegistry("service.table", {number: "x" for number in range(1000)})
metrics.write_snapshot()
print("ready", flush=True)
while True:
    metrics.write_snapshot()
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs SIGKILL")
@pytest.mark.parametrize("delay", [0.0, 0.002, 0.005, 0.011, 0.017])
def test_killed_during_a_snapshot_an_old_or_new_file_is_left(delay: float, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(RUNTIME), "OUTFALL_METRICS_DIR": str(tmp_path)}
    writer = subprocess.Popen([sys.executable, "-c", KILLED_AT_ONCE], stdout=subprocess.PIPE, env=environment)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    threading.Event().wait(delay)
    writer.kill()
    writer.wait(20)
    writer.stdout.close()
    documents, problems = metrics.read_folder(tmp_path)
    ((one,), fine) = documents[0]["processes"], problems
    assert (one["pid"], one["sequence"] >= 1, one["ended"], fine) == (writer.pid, True, "", [])
    assert figures.fate(one) == "killed"


def test_many_short_lived_processes_are_put_into_one_file_and_lose_nothing(python: Python, tmp_path: Path) -> None:
    environment = {"OUTFALL_METRICS_DIR": "metrics", "OUTFALL_FLAGS": "use_registry=new"}
    for _ in range(3):
        assert python(SERVICE, environment=environment).returncode == 0
    (tmp_path / "metrics" / "broken.json").write_text("{")
    before = metrics.merge(metrics.read_folder(tmp_path / "metrics")[0])["processes"]
    done = python("-m", "outfall_runtime", "metrics", "compact", "--metrics", "metrics")
    assert (done.returncode, done.stdout) == (0, "3 files of ended processes in one, 0 dead processes forgotten\n")
    assert metrics.merge(metrics.read_folder(tmp_path / "metrics")[0])["processes"] == before
    assert [one["ended"] for one in before] == ["exit"] * 3
    assert len(list((tmp_path / "metrics").iterdir())) == 2
