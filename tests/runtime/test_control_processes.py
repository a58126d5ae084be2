"""What running processes say about themselves, and who of them is believed to live."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from outfall_runtime import control
from outfall_runtime._rollout import presence as _presence, stages, workers as _workers
from outfall_runtime._flags.watch import Watcher

Rollout = Any  # the fixture of conftest.py
Python = Callable[..., Any]
BEGAN = "2026-01-01T00:00:00Z"


def present(rollout: Rollout, **said: Any) -> None:
    """Let this very process be a worker of the service that says what it is told to."""
    worker = {
        "format": "outfall-process", "version": 1, "host": "web-1", "machine": _presence.machine(), "pid": os.getpid(),
        "birth": _presence.birth(os.getpid()), "started": BEGAN, "file": os.path.realpath(rollout.file), "revision": 0,
        "problem": "", "stopped": "", "flags": {},
    }  # fmt: skip
    (rollout.metrics / "me.process").write_text(json.dumps({**worker, **said}))


def test_a_revision_is_higher_than_any_that_a_process_has(rollout: Rollout) -> None:
    Path(rollout.file).write_text('{"version": 1, "flags": {}}')  # by a deployment, which knows of no revision
    present(rollout, revision=9)
    move = control.set_flags({"use_x": stages.Setting("new")}, actor="ada", timeout=0, **rollout.place)
    assert (move.revision, [one.pid for one in move.reach.missing] if move.reach else []) == (10, [os.getpid()])


def test_a_rollback_takes_back_what_code_or_the_environment_switched_on(rollout: Rollout) -> None:
    rollout.force(2)
    present(rollout, revision=99, flags={"use_registry:app.x": "enforced", "use_search": "new", "odd": "nonsense"})
    control.rollback("2", reason="x", actor="ada", timeout=0, **rollout.place)
    assert rollout.flags()["use_registry:app.x"] == "legacy"
    assert rollout.flags().get("use_search") != "legacy"


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"revision": 1}, "web-1 process {pid} has revision 1 of the flag file, not 7"),
        ({"problem": "no such file"}, "web-1 process {pid} does not follow the flag file: no such file"),
        ({"revision": 7, "stopped": "errors"}, "web-1 process {pid} is stopped by an emergency rollback: errors"),
    ],
)
def test_a_process_that_does_not_follow_is_named(rollout: Rollout, said: Dict[str, Any], missing: str) -> None:
    rollout.evidence()
    rollout.at("1")
    present(rollout, **said)
    assert rollout.missing("2") == [missing.format(pid=os.getpid())]


def test_a_listing_names_processes_that_have_other_values(rollout: Rollout, python: Python) -> None:
    rollout.force()
    present(rollout, flags={"use_registry": "shadow", "use_context": "new", "use_spans": "shadow", "use_events": "shadow", "monitor": "new"})
    listed = python("-m", "outfall_runtime", "flags", "list", "--file", rollout.file, "--metrics", str(rollout.metrics))
    assert [line for line in listed.stdout.splitlines() if "process" in line] == [f"  web-1 process {os.getpid()} has use_context at new"]
    assert "use_context   shadow    flag file" in listed.stdout


def test_a_process_on_a_full_disk_still_says_what_it_has(
    rollout: Rollout, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OUTFALL_METRICS_DIR", str(rollout.metrics))
    watcher = Watcher(lambda reading: None, lambda: None, rollout.file)
    presence = _presence.Presence(watcher)
    presence.tell()
    watcher.revision = 7

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        presence.tell()
    assert [one.revision for one in _workers.living(str(rollout.metrics), None)[0]] == [7]
    assert caplog.text == ""
    presence.leave()


def test_a_process_whose_number_was_given_to_another_is_gone(rollout: Rollout) -> None:
    present(rollout, birth="1")
    assert _workers.living(str(rollout.metrics), None) == ([], [])
    assert (_workers.forget_dead(str(rollout.metrics)), list(rollout.metrics.iterdir())) == (1, [])


def test_a_process_of_another_machine_is_there_while_it_is_heard_of(rollout: Rollout) -> None:
    present(rollout, machine="elsewhere", birth="1")
    assert len(_workers.living(str(rollout.metrics), None)[0]) == 1
    os.utime(rollout.metrics / "me.process", (1, 1))
    assert _workers.living(str(rollout.metrics), None)[0] == []
    assert _workers.forget_dead(str(rollout.metrics)) == 0


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_nor_do_clocks_that_differ_make_it_dead_or_alive(
    ahead: float, rollout: Rollout, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + ahead)
    present(rollout, machine="elsewhere", birth="1")
    assert len(_workers.living(str(rollout.metrics), None)[0]) == 1
    os.utime(rollout.metrics / "me.process", (now() - 60.0,) * 2)
    assert _workers.living(str(rollout.metrics), None)[0] == []
    assert [path.name for path in rollout.metrics.iterdir()] == ["me.process"]


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "outfall-process", "version": 9}', '{"format": "outfall-process", "version": 1}'])
def test_a_process_file_that_is_none_is_named(rollout: Rollout, text: str) -> None:
    (rollout.metrics / "bad.process").write_text(text)
    workers, problems = _workers.living(str(rollout.metrics), None)
    assert (workers, [problem.startswith(str(rollout.metrics / "bad.process")) for problem in problems]) == ([], [True])
