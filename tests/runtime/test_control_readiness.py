"""Going on: refused, with exactly what is missing."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Callable, List

import pytest

from outfall_runtime import control
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout.limits import Limits, defaults
from outfall_runtime._rollout.limits import read as read_limits
from outfall_runtime.errors import BrokenSource, InvalidSetting, NotReady

Rollout = Any  # the fixture of conftest.py
HOUR = 3600.0
NOW = 1767225600.0 + 5 * HOUR  # five hours after BEGAN


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


def test_two_who_go_on_at_once_go_one_stage(
    rollout: Rollout, monkeypatch: pytest.MonkeyPatch, run_all: Callable[[List[Callable[[], Any]]], None]
) -> None:
    both_have_looked, change = threading.Barrier(2), flag_file.change

    def meet(*arguments: Any, **more: Any) -> Any:
        both_have_looked.wait(30)
        return change(*arguments, **more)

    monkeypatch.setattr(flag_file, "change", meet)
    refused: List[str] = []

    def go_on() -> None:
        try:
            rollout.force()
        except NotReady as error:
            refused.append(str(error))

    run_all([go_on, go_on])
    assert flag_file.read(rollout.file).rollout["stage"] == "1"
    [why] = refused
    assert "the rollout moved meanwhile" in why and "not begun -> 1 (monitoring)" in why


@pytest.mark.parametrize("to", ["3", "5", "context"])
def test_nothing_goes_to_a_stage_that_is_not_the_next(rollout: Rollout, to: str) -> None:
    before = rollout.at("1").flags()
    with pytest.raises(NotReady, match=r"is not the next stage:\n  that is 2 \(registry\)"):
        control.advance(actor="ada", force=True, reason="a test", to=to, timeout=0, **rollout.place)
    assert rollout.flags() == before


def test_a_next_stage_may_be_named(rollout: Rollout) -> None:
    rollout.at("1")
    assert control.advance(actor="ada", force=True, reason="a test", to="registry", timeout=0, **rollout.place).after == "2"


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
