"""Diagnostics find what is wrong, say nothing where nothing is, and change nothing by looking."""

from __future__ import annotations

import gc
import json
import math
import os
from contextvars import copy_context
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import (
    Registry,
    StagedListRegistry,
    StagedRegistry,
    bench,
    diagnostics,
    events,
    flags,
    metrics,
    span,
)
from outfall_runtime._measures.checks import CHECKS
from outfall_runtime.errors import BrokenSource

Python = Callable[..., Any]


def troubles(component: str, about: str = "") -> List[str]:
    found = diagnostics.check(component)
    return [one.detail for one in found if one.status != "ok" and about in one.detail]


def test_a_component_that_there_is_not_is_named() -> None:
    with pytest.raises(BrokenSource, match=r"there is no component 'table' \(did you mean 'tables'\?\)"):
        diagnostics.check("table")


@pytest.mark.parametrize("component", CHECKS)
def test_a_check_that_fails_is_a_finding_and_stops_no_other(component: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, component, lambda: 1 // 0)
    document = diagnostics.run()
    failed = [one for one in document["findings"] if "the check itself failed: ZeroDivisionError" in one["detail"]]
    assert ([one["component"] for one in failed], document["status"]) == ([component], "failure")
    assert {one["component"] for one in document["findings"]} == set(CHECKS)


@pytest.mark.parametrize("component", ["tables", "context", "spans", "events", "control"])
def test_where_nothing_is_wrong_nothing_is_said(component: str) -> None:
    Registry("test_diagnostics.fine", {"a": 1})
    assert troubles(component, "test_diagnostics") == []


def test_a_state_that_does_not_follow_its_flag_is_a_failure() -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_diagnostics.stubborn")
    assert troubles("flags", "stubborn") == []
    record = table._outfall.record
    assert record is not None
    record.mode = "enforced"
    (said,) = troubles("flags", "stubborn")
    record.mode = "legacy"
    assert said == "test_diagnostics.stubborn is in enforced, its flag says legacy"


def test_entries_that_are_over_or_stray_are_counted(clock: Callable[[float], None]) -> None:
    table: Registry[str, Any] = Registry("test_diagnostics.untidy")
    table.register("stray", 1, ttl=1e6)
    dict.__setitem__(table, "stray", 2)
    table.register("over", 3, ttl=5.0)
    clock(6.0)
    assert troubles("tables", "untidy") == [
        "test_diagnostics.untidy: 1 entries are about values that are not there any more",
        "test_diagnostics.untidy: 1 entries are over and still there",
    ]


def test_two_tables_of_one_name_are_named() -> None:
    kept = [Registry("test_diagnostics.twice"), Registry("test_diagnostics.twice")]
    assert (troubles("tables", "twice"), len(kept)) == (["test_diagnostics.twice: 2 tables have this name"], 2)


def test_a_span_that_was_never_ended_is_named_with_its_place() -> None:
    copy_context().run(lambda: span("test_diagnostics.leak").begin())
    gc.collect()
    (said,) = troubles("spans", "test_diagnostics.leak")
    assert "test_diagnostics.leak begun at " in said and "test_diagnostics.py:" in said


def test_a_handler_that_fails_is_named() -> None:
    def broken(event: object) -> None:
        raise ValueError("no")

    detach = events.attach("test_diagnostics.*", broken, tries=1)
    events.emit("test_diagnostics.event")
    assert events.flush()
    found = troubles("events", "test_diagnostics.*")
    gauges = metrics.process()["service"]["gauges"]
    detach()
    assert len(found) == 1 and "1 failed for good" in found[0]
    assert (gauges["events_lost"], gauges["batch_lag_seconds"]) == (1.0, 0.0)


def test_a_folder_that_cannot_be_written_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTFALL_METRICS_DIR", str(tmp_path / "absent"))
    assert troubles("metrics") == [f"{tmp_path / 'absent'} cannot be written"]
    (tmp_path / "broken.json").write_text("{")
    monkeypatch.setenv("OUTFALL_METRICS_DIR", str(tmp_path))
    (said,) = troubles("metrics")
    assert "broken.json: not valid JSON" in said


def test_looking_changes_nothing_and_shows_no_value() -> None:
    table: StagedRegistry[str, str] = StagedRegistry("test_diagnostics.private", {"secret-key": "secret-value"})
    queue: StagedListRegistry[str] = StagedListRegistry("test_diagnostics.queue", ["secret"])
    flags.set("use_registry", "shadow")
    text = json.dumps(diagnostics.run())
    records = [table._outfall.record, queue._outfall.record]
    assert [record.reads.total() for record in records if record is not None] == [0, 0]
    assert "secret" not in text


def test_a_report_is_a_document_of_its_own_kind(tmp_path: Path) -> None:
    document = diagnostics.report(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text()) == document
    assert (document["format"], document["version"]) == ("outfall-diagnostics", 1)


def test_the_console_examines_itself(python: Python, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    done = python("-m", "outfall_runtime", "diagnostics", "--here", "--all", "--to", "out")
    assert done.returncode == 0, done.stderr
    assert "ok       context  fields are seen where they were set, and nowhere else" in done.stdout
    (written,) = (tmp_path / "out").iterdir()
    assert json.loads(written.read_text())["format"] == "outfall-diagnostics"
    wrong = python("-m", "outfall_runtime", "diagnostics", "--here", "tabels")
    assert (wrong.returncode, "did you mean 'tables'?" in wrong.stderr) == (2, True)


def test_the_console_looks_where_a_process_of_the_service_would(python: Python, tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "f.json").write_text('{"version": 1, "flags": {}}')
    place = {"OUTFALL_FLAG_FILE": "f.json", "OUTFALL_METRICS_DIR": "metrics"}
    done = python("-m", "outfall_runtime", "diagnostics", "--here", environment=place)
    assert (done.returncode, done.stdout.endswith(": ok\n")) == (0, True), done.stdout
    assert list((tmp_path / "metrics").iterdir()) == []
    options = ["--metrics", "absent", "--file", "f.json"]
    absent = python("-m", "outfall_runtime", "diagnostics", "--here", *options)
    assert (absent.returncode, "absent cannot be written" in absent.stdout) == (1, True), absent.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_every_running_process_examines_itself(serve: Callable[[int], Any]) -> None:
    server = serve(2)
    done = server.console("diagnostics", "--all")
    assert (done.returncode, done.stdout.count("server.entries: 1 entries")) == (0, 3), done.stderr
    assert done.stdout.count("is followed at revision 1") == 3


# -- bench


def test_bench_prices_everything_and_leaves_nothing_behind(python: Python) -> None:
    before = flags.all().get("use_registry")
    costs: Dict[str, float] = {cost.operation: cost.ratio for cost in bench.run(rounds=1)}
    assert set(costs) == {operation for operation, _, _ in bench.OPERATIONS}
    assert all(math.isfinite(ratio) and ratio >= 0 for ratio in costs.values())
    assert costs["context enter and exit"] > costs["registry read"]
    assert flags.all().get("use_registry") == before
    done = python("-m", "outfall_runtime", "bench", "--rounds", "1")
    assert (done.returncode, "registry read" in done.stdout) == (0, True)
