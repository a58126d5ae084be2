"""`outfall report`: what it gathers by itself, and what it is given."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Invoke

LOAD = {
    "label": "before the change",
    "mode": "legacy",
    "requests": 10,
    "bled": 7,
    "seconds": 1.0,
    "latency_ms": {"p50": 1.0, "p95": 2.0, "p99": 3.0},
}


def test_a_file_that_does_not_exist_is_a_usage_error(project: Path, invoke: Invoke) -> None:
    assert invoke("report", "nowhere.json").exit_code == 2
    assert not (project / "outfall-report.html").exists()


def test_an_empty_project_gets_a_page(project: Path, invoke: Invoke) -> None:
    result = invoke("report")
    assert result.exit_code == 0, result.output
    assert "<html" in (project / "outfall-report.html").read_text(encoding="utf-8")


def test_findings_journal_and_ledger_are_gathered(ambient: Path, invoke: Invoke) -> None:
    invoke("migrate", "agents.py")
    assert invoke("report", "-o", "page.html").exit_code == 0
    page = (ambient / "page.html").read_text(encoding="utf-8").replace("<wbr>", "")
    for expected in ("agents._agents", "context._request", "OUT201", "StagedRegistry", "use_registry"):
        assert expected in page


@pytest.mark.parametrize("place", ["load.json", ".outfall/load/before.json"])
def test_load_tests_are_shown_where_given_or_found(place: str, project: Path, invoke: Invoke) -> None:
    path = project / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(LOAD), encoding="utf-8")
    named = [] if place.startswith(".") else [place]
    assert invoke("report", *named).exit_code == 0
    assert "before the change" in (project / "outfall-report.html").read_text(encoding="utf-8")


def test_a_ledger_without_flags_is_no_missing_one(project: Path, invoke: Invoke) -> None:
    (project / "outfall-flags.toml").write_text("version = 1\n", encoding="utf-8")
    result = invoke("report", "--no-check")
    assert (result.exit_code, result.stdout) == (0, "outfall-report.html: 1 document on one page\n"), result.output
    assert "declares no flag" in (project / "outfall-report.html").read_text(encoding="utf-8")


def test_what_lies_in_the_project_and_is_named_too_counts_once(project: Path, invoke: Invoke) -> None:
    (project / ".outfall").mkdir()
    (project / ".outfall" / "load.json").write_text(json.dumps(LOAD), encoding="utf-8")
    result = invoke("report", "--no-check", ".outfall/load.json")
    assert result.exit_code == 0, result.output
    assert (project / "outfall-report.html").read_text(encoding="utf-8").count("before the change") == (
        shown_for_one(project, invoke)
    )


def shown_for_one(project: Path, invoke: Invoke) -> int:
    """How often one load test's label stands on a page that has it once."""
    invoke("report", "--no-check")
    return (project / "outfall-report.html").read_text(encoding="utf-8").count("before the change")


def test_load_tests_stand_in_the_order_in_which_they_were_run(project: Path, invoke: Invoke) -> None:
    folder = project / ".outfall" / "load"
    folder.mkdir(parents=True)
    for age, label in ((30, "zero: at the start"), (20, "later on"), (10, "at the end")):
        path = folder / f"{label.split()[-1]}.json"
        path.write_text(json.dumps({**LOAD, "label": label}), encoding="utf-8")
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    assert invoke("report").exit_code == 0
    page = (project / "outfall-report.html").read_text(encoding="utf-8")
    assert page.index("zero: at the start") < page.index("later on") < page.index("at the end")


def test_what_the_baseline_accepts_is_not_open(ambient: Path, invoke: Invoke) -> None:
    invoke("check", "--update-baseline", "--allow-growth", "first run")
    assert invoke("report").exit_code == 0
    assert "OUT101" not in (ambient / "outfall-report.html").read_text(encoding="utf-8")
