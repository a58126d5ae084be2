"""A rollout: refused with what is missing, lossless back, and nothing of it forgotten."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import _flag_file, _history, _presence, _readiness, _stages, _workers, control, metrics
from outfall_runtime._documents import locked
from outfall_runtime._limits import Limits, defaults
from outfall_runtime._limits import read as read_limits
from outfall_runtime._watch import Watcher
from outfall_runtime.errors import BrokenSource, InvalidSetting, NotReady

Python = Callable[..., Any]
BEGAN = "2026-01-01T00:00:00Z"
HOUR = 3600.0
NOW = 1767225600.0 + 5 * HOUR  # five hours after BEGAN


class Rollout:
    """A flag file and a folder of evidence without any process."""

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
            "flags": _stages.applied(stage, {}),
            "rollout": {"stage": stage, "since": BEGAN},
        }
        _flag_file.put(self.file, document, revision=7, actor="ada")
        return self

    def missing(self, upcoming: str, now: float = NOW, limits: Limits = defaults()) -> List[str]:
        found = _flag_file.read(self.file)
        position = str(found.rollout["stage"])
        said = _readiness.missing(found, position, _stages.named(upcoming), limits, str(self.metrics), now)
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


# -- what it refuses


def test_without_a_folder_of_evidence_nothing_goes_on(rollout: Rollout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUTFALL_METRICS_DIR", raising=False)
    with pytest.raises(NotReady, match="nothing is measured: set OUTFALL_METRICS_DIR"):
        control.advance(actor="ada", file=rollout.file)
    assert not os.path.exists(rollout.file)


def test_without_a_process_nothing_goes_on(rollout: Rollout) -> None:
    with pytest.raises(NotReady) as caught:
        control.advance(actor="ada", **rollout.place)
    assert caught.value.missing == (f"no running process follows {rollout.file}",)
    assert not os.path.exists(rollout.file)


def test_force_needs_a_reason(rollout: Rollout) -> None:
    with pytest.raises(InvalidSetting, match="needs a reason"):
        control.advance(actor="ada", force=True, **rollout.place)


def test_after_the_last_stage_there_is_none(rollout: Rollout) -> None:
    assert rollout.force(6).after == "5"
    with pytest.raises(NotReady, match="at its last stage"):
        rollout.force()


@pytest.mark.parametrize(
    ("evidence", "now", "missing"),
    [
        ([], NOW, ["no process has reported a staged state since the stage began at 2026-01-01T00:00:00Z"]),
        ([{}], NOW, []),
        ([{}], NOW - HOUR * 3, ["stage 1 (monitoring) has lasted 2.00 of 4 hours"]),
        ([{}], NOW - HOUR * 9, ["began at 2026-01-01T00:00:00Z, which this clock has not reached: check the clock"]),
        ([{"unbroken": 1.5}], NOW, ["app.table: measured 1.50 of 4 hours in shadow"]),
        ([{"unbroken": 90.0, "updated": "2026-01-01T03:00:00Z"}], NOW, ["app.table: measured 3.00 of 4 hours in shadow"]),
        ([{"mode": "legacy"}], NOW, ["web-1 process 7 has it in legacy, not shadow", "measured 0.00 of 4 hours"]),
        ([{"reads": {"shadow": 0}}], NOW, ["app.table: no access was recorded"]),
        ([{"would_evict": 2}], NOW, ["app.table: 2 entries would have been evicted"]),
        ([{"would_reject": 2}], NOW, ["app.table: 2 registrations would have been refused"]),
        ([{"lost": 3, "lost_sites": [{"site": "a.py:1", "count": 3}]}], NOW, ["lost 3 values at a.py:1"]),
        ([{"lost": 3}], NOW, ["lost 3 values at places that are not known"]),
        ([{"bleed": 99}], NOW, []),
        ([{"updated": "2025-12-31T00:00:00Z", "lost": 3}], NOW, ["no process has reported a staged state since"]),
    ],
)
def test_what_is_missing_is_said(rollout: Rollout, evidence: List[Any], now: float, missing: List[str]) -> None:
    for one in evidence:
        rollout.evidence(**one)
    said = rollout.at("1").missing("2", now)
    assert len(said) == len(missing), said
    assert [text for text, line in zip(missing, said) if text not in line] == []


def test_processes_side_by_side_count_once(rollout: Rollout) -> None:
    for end in ("02", "02", "02"):
        rollout.evidence(unbroken=2.0, updated=f"2026-01-01T{end}:00:00Z")
    assert rollout.at("1").missing("2") == ["app.table: measured 2.00 of 4 hours in shadow"]


def test_processes_one_after_the_other_add_up(rollout: Rollout) -> None:
    for end in ("02", "04", "05"):
        rollout.evidence(unbroken=2.0, updated=f"2026-01-01T{end}:00:00Z")
    assert rollout.at("1").missing("2") == []


def test_what_is_accepted_with_a_reason_is_not_missing(rollout: Rollout) -> None:
    rollout.evidence(would_evict=2, would_reject=1, lost=3, lost_sites=[{"site": "a.py:1", "count": 3}])
    limits = defaults()
    accepted = Limits(limits.dwell, limits.thresholds, (), {"app.table": "an old cache", "a.py:1": "read by tests only"})
    assert rollout.at("1").missing("2", limits=accepted) == []


def test_a_required_process_that_does_not_run_is_named(rollout: Rollout) -> None:
    rollout.evidence()
    limits = defaults()
    said = rollout.at("1").missing("2", limits=Limits(limits.dwell, limits.thresholds, ("worker",)))
    assert said == ["worker is required, and no process of that name runs"]


def test_dwell_times_are_the_teams(rollout: Rollout) -> None:
    Path(rollout.file).with_name("flags.stages.json").write_text('{"version": 1, "dwell_hours": {"1": 5.5}}')
    rollout.evidence()
    limits = read_limits(str(Path(rollout.file).with_name("flags.stages.json")))
    assert rollout.at("1").missing("2", limits=limits) == [
        "stage 1 (monitoring) has lasted 5.00 of 5.5 hours",
        "app.table: measured 5.00 of 5.5 hours in shadow",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", 'expected an object with "version": 1'),
        ('{"version": 2}', 'expected an object with "version": 1'),
        ('{"version": 1, "dwel_hours": {}}', r"unknown name 'dwel_hours' \(did you mean 'dwell_hours'\?\)"),
        ('{"version": 1, "dwell_hours": {"4c": 1}}', "dwell_hours: unknown name '4c'"),
        ('{"version": 1, "dwell_hours": {"1": "4h"}}', "dwell_hours: 1 is '4h'; expected a number"),
        ('{"version": 1, "thresholds": {"tables_mb": -1}}', "tables_mb is -1; expected a number of at least 0"),
        ('{"version": 1, "thresholds": {"tables_mb": Infinity}}', "expected a number"),
        ('{"version": 1, "processes": "web"}', "expected a list of names"),
        ('{"version": 1, "accepted": {"a.py:1": ""}}', "expected a reason"),
    ],
)
def test_limits_that_cannot_be_meant_are_named(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(BrokenSource, match=reason):
        read_limits(str(tmp_path / "x.json"))


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
    since = _flag_file.read(rollout.file).rollout["since"]
    move = control.rollback("enforcement", reason="x", actor="ada", timeout=0, **rollout.place)
    assert (move.before, move.after, move.changes) == ("2", "2", {})
    assert _flag_file.read(rollout.file).rollout["since"] == since


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
    since = _flag_file.read(rollout.file).rollout["since"]
    control.set_flags({"use_search": _stages.Setting("new")}, actor="bob", timeout=0, **rollout.place)
    found = _flag_file.read(rollout.file)
    assert (found.rollout["stage"], found.rollout["since"], found.reading.revision) == ("2", since, 3)
    assert rollout.flags()["use_search"] == "new"


# -- what running processes report

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
    move = control.set_flags({"use_x": _stages.Setting("new")}, actor="ada", timeout=0, **rollout.place)
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
        ({"problem": "no such file"}, "web-1 process {pid} cannot read the flag file: no such file"),
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


# -- history


def test_history_survives_a_command_that_was_killed(rollout: Rollout, monkeypatch: pytest.MonkeyPatch) -> None:
    rollout.force()
    with monkeypatch.context() as patch:
        patch.setattr(_history, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            rollout.force()
    assert [entry["to"] for entry in control.history(file=rollout.file)[0]] == ["1", "2"]
    rollout.force()
    entries, problems = _history.read(_history.place(rollout.file))
    assert ([entry["to"] for entry in entries], problems) == (["1", "2", "3"], [])


def killed(path: str, entry: object) -> None:
    raise KeyboardInterrupt


def test_a_line_cut_off_is_named_and_harms_no_other(rollout: Rollout) -> None:
    rollout.force()
    path = Path(_history.place(rollout.file))
    path.write_bytes(path.read_bytes() + b'{"version": 1, "acti')
    rollout.force()
    entries, problems = control.history(file=rollout.file)
    assert [entry["to"] for entry in entries] == ["1", "2"]
    assert problems == [f"{path}:2: no entry of version 1; passed over"]


def test_a_long_history_is_not_read_to_add_to_it(rollout: Rollout, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(_history.place(rollout.file))
    path.write_text(json.dumps({"version": 1, "id": "old", "to": "0"}) + "\n" + "x" * (1 << 20) + "\n")
    monkeypatch.setattr(_history, "read", None)
    rollout.force(2)
    assert [json.loads(line)["to"] for line in path.read_text().splitlines()[2:]] == ["1", "2"]


def test_of_two_operators_at_once_every_change_is_in_the_history_once(rollout: Rollout) -> None:
    def operator(me: int) -> None:
        for number in range(10):
            control.set_flags({f"f{me}": _stages.Setting("new" if number % 2 else "legacy")}, actor=str(me), timeout=0, **rollout.place)

    threads = [threading.Thread(target=operator, args=(me,)) for me in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries, problems = control.history(file=rollout.file)
    assert (len(entries), len({entry["id"] for entry in entries}), problems) == (40, 40, [])
    assert [entry["time"] for entry in entries] == sorted(entry["time"] for entry in entries)


def test_a_change_is_in_the_history_before_anybody_else_may_make_one(
    rollout: Rollout, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: List[bool] = []

    def append(path: str, entry: object) -> None:
        with locked(rollout.file, 0.0) as obtained:
            free.append(obtained)

    monkeypatch.setattr(_history, "append", append)
    rollout.force()
    assert free == [False]


def test_a_history_that_fits_only_in_part_is_named(rollout: Rollout, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:20]))
    move = rollout.force()
    assert "No space left on device" in move.problems[0]
    monkeypatch.undo()
    rollout.force()
    entries, problems = control.history(file=rollout.file)
    assert ([entry["to"] for entry in entries], len(problems)) == (["1", "2"], 1)


def test_what_was_forced_is_remembered(rollout: Rollout) -> None:
    rollout.force()
    (entry,) = control.history(file=rollout.file)[0]
    assert entry["forced"] == [f"no running process follows {rollout.file}"]


def test_a_history_that_cannot_be_written_keeps_nobody_from_going_back(rollout: Rollout) -> None:
    rollout.force(2)
    os.unlink(_history.place(rollout.file))
    os.mkdir(_history.place(rollout.file))
    move = control.rollback("1", reason="x", actor="ada", timeout=0, **rollout.place)
    assert set(rollout.flags().values()) == {"legacy"}
    (problem,) = move.problems
    assert "the history could not be written" in problem


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
