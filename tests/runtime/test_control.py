"""A rollout: refused with what is missing, lossless back, and nothing of it forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, List

import pytest

from outfall_runtime import control
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout import stages
from outfall_runtime.errors import BrokenSource

Rollout = Any  # the fixture of conftest.py
Python = Callable[..., Any]


# -- forward and back


def test_a_rollback_takes_later_stages_along_and_restarts_the_dwell_time(rollout: Rollout) -> None:
    rollout.force(6)
    move = control.rollback("3", reason="wrong tenants", actor="ada", timeout=0, **rollout.place)
    assert (move.before, move.after) == ("5", "2")
    assert rollout.flags() == {
        "enforce": "legacy", "monitor": "new", "use_context": "legacy", "use_events": "legacy",
        "use_registry": "new", "use_spans": "legacy",
    }  # fmt: skip
    entry = control.history(file=rollout.file)[0][-1]
    assert (entry["action"], entry["stage"], entry["from"], entry["to"]) == ("rollback", "3", "5", "2")
    assert (entry["reason"], entry["actor"]) == ("wrong tenants", "ada")


def test_what_was_taken_back_is_first_taken_up_again(rollout: Rollout) -> None:
    rollout.force(3)
    control.rollback("3", reason="x", actor="ada", timeout=0, **rollout.place)
    again = rollout.force()
    assert (again.before, again.after) == ("2", "2")
    assert rollout.flags()["use_context"] == "shadow"
    assert rollout.force().after == "3"


def test_a_rollback_of_a_stage_not_reached_leaves_the_position(rollout: Rollout) -> None:
    rollout.force(2)
    since = flag_file.read(rollout.file).rollout["since"]
    move = control.rollback("enforcement", reason="x", actor="ada", timeout=0, **rollout.place)
    assert (move.before, move.after, move.changes) == ("2", "2", {})
    assert flag_file.read(rollout.file).rollout["since"] == since


def test_a_rollback_needs_neither_evidence_nor_processes(rollout: Rollout) -> None:
    rollout.force(3)
    control.rollback("1", reason="x", actor="ada", timeout=0, file=rollout.file, folder=None)
    assert set(rollout.flags().values()) == {"legacy"}


def test_a_broken_flag_file_is_not_overwritten_by_a_rollback(rollout: Rollout) -> None:
    Path(rollout.file).write_text("{")
    with pytest.raises(BrokenSource, match="not valid JSON"):
        control.rollback("1", reason="x", actor="ada", **rollout.place)
    assert Path(rollout.file).read_text() == "{"


def test_flags_set_by_hand_keep_the_stage(rollout: Rollout) -> None:
    rollout.force(2)
    since = flag_file.read(rollout.file).rollout["since"]
    control.set_flags({"use_search": stages.Setting("new")}, actor="bob", timeout=0, **rollout.place)
    found = flag_file.read(rollout.file)
    assert (found.rollout["stage"], found.rollout["since"], found.reading.revision) == ("2", since, 3)
    assert rollout.flags()["use_search"] == "new"


# -- the console


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["stage", "show"], 2, "no flag file: give --file or set OUTFALL_FLAG_FILE"),
        (["stage", "advance", "--file", "f.json"], 4, "nothing is measured"),
        (["stage", "advance", "--file", "f.json", "--force"], 2, "needs a reason"),
        (["stage", "rollback", "4", "--reason", "x", "--file", "f.json"], 2, "there is no stage '4'"),
        (["stage", "rollback", "3", "--file", "f.json"], 2, "--reason"),
        (["stage", "resume", "--reason", "x", "--file", "f.json"], 4, "no emergency rollback holds"),
        (["stage", "advance", "--timeout", "-1"], 2, "invalid seconds value"),
        (["stage"], 2, "required"),
    ],
)
def test_wrong_use_is_said_and_changes_nothing(
    arguments: List[str], code: int, message: str, python: Python, tmp_path: Path
) -> None:
    done = python("-m", "outfall_runtime", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == []


@pytest.mark.parametrize("arguments", [["stage"], ["stage", "show", "--nonsense"], ["metrics", "--help"], ["stage", "show"]])
def test_a_command_never_reports_as_a_process_of_the_service(arguments: List[str], python: Python, tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    place = {"OUTFALL_FLAG_FILE": "f.json", "OUTFALL_METRICS_DIR": "metrics"}
    python("-m", "outfall_runtime", *arguments, environment=place)
    assert list((tmp_path / "metrics").iterdir()) == []


def test_a_stage_that_was_taken_back_in_part_is_taken_up_again(python: Python, tmp_path: Path) -> None:
    place = {"OUTFALL_FLAG_FILE": "f.json"}
    for _ in range(3):
        python("-m", "outfall_runtime", "stage", "advance", "--force", "--reason", "a test", environment=place)
    python("-m", "outfall_runtime", "stage", "rollback", "context", "--reason", "a test", environment=place)
    shown = python("-m", "outfall_runtime", "stage", "show", environment=place)
    assert "ready to take stage 2 (registry) up again: flags of it were taken back" in shown.stdout


def test_a_rollout_from_the_console(python: Python, tmp_path: Path) -> None:
    place = {"OUTFALL_FLAG_FILE": "f.json", "USER": "ada"}
    forced = python("-m", "outfall_runtime", "stage", "advance", "--force", "--reason", "a test", environment=place)
    assert (forced.returncode, "use_registry: legacy -> shadow\n" in forced.stdout) == (0, True)
    assert "no running process is known to follow this file" in forced.stderr
    shown = python("-m", "outfall_runtime", "stage", "show", environment=place)
    assert shown.stdout.startswith("stage 1 (monitoring) since 2")
    assert "not ready for stage 2 (registry):\n  nothing is measured" in shown.stdout
    stopped = python("-m", "outfall_runtime", "stage", "emergency", "--reason", "errors", environment=place)
    assert (stopped.returncode, stopped.stdout.splitlines()[-2:]) == (
        0, ["stage not begun", "everything is at legacy until `stage resume`"]
    )  # fmt: skip
    refused = python("-m", "outfall_runtime", "flags", "set", "use_context=new", environment=place)
    assert (refused.returncode, "an emergency rollback holds" in refused.stderr) == (4, True)
    resumed = python("-m", "outfall_runtime", "stage", "resume", "--reason", "mended", environment=place)
    assert resumed.returncode == 0
    past = python("-m", "outfall_runtime", "stage", "history", environment=place)
    said = [line.split("  ", 1)[1] for line in past.stdout.splitlines()]
    assert said == [
        "advance by force  0 -> 1  ada: a test",
        "emergency  1 -> 0  ada: errors",
        "resume  0 -> 0  ada: mended",
    ]
