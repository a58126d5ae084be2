"""`outfall flags complete` and `outfall remove-legacy`: refused without evidence, done with it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Invoke

STATE = "agents._agents"
MODES = ("legacy", "shadow", "new", "enforced")


def by_mode(**values: float) -> dict[str, float]:
    return {mode: values.get(mode, 0) for mode in MODES}


def evidence(**changes: Any) -> str:
    """Evidence of one process that ran the new way for 50 hours, or differs from that as said."""
    state = {
        "type": "table",
        "mode": "new",
        "hours": by_mode(new=50.0),
        "reads": by_mode(),
        "writes": by_mode(new=7),
        "bleed": 0,
        "inherited": 0,
        "lost": 0,
        "would_evict": 0,
        "rollbacks": 0,
        "lost_sites": [],
    }
    process = {
        "host": "web-1",
        "pid": 17,
        "started": "2026-11-20T10:00:00Z",
        "updated": "2026-11-22T12:00:00Z",
        "states": {STATE: {**state, **changes}},
    }
    document = {"format": "outfall-evidence", "version": 1, "created": "2026-11-22T12:00:00Z", "processes": [process]}
    return json.dumps(document)


@pytest.fixture
def staged(ambient: Path, invoke: Invoke) -> Path:
    """A project whose registry is staged, with sufficient evidence beside it."""
    result = invoke("migrate", "agents.py")
    assert result.exit_code == 0, result.output
    (ambient / "evidence.json").write_text(evidence(), encoding="utf-8")
    return ambient


@pytest.mark.parametrize("option", ["--diff", "--check", None])
def test_while_no_flag_is_completed_it_says_so(option: str | None, staged: Path, invoke: Invoke) -> None:
    result = invoke("remove-legacy", *([option] if option else []))
    said = result.stderr if option == "--diff" else result.stdout
    assert result.exit_code == 0, result.output
    assert said == (
        "No flag is completed yet, so no old way may go; outfall-flags.toml declares use_registry.\n"
        "Complete one with: outfall flags complete NAME --evidence FILE\n"
    )


def test_without_a_flag_nothing_is_staged(ambient: Path, invoke: Invoke) -> None:
    result = invoke("remove-legacy")
    assert (result.exit_code, result.stdout) == (0, "outfall-flags.toml declares no flag, so nothing is staged.\n")


INSUFFICIENT = {
    "too few hours": (evidence(hours=by_mode(new=1.0)), "of 48 hours"),
    "still in shadow": (evidence(mode="shadow", hours=by_mode(shadow=50.0)), STATE),
    "losses": (evidence(lost=3), "lost"),
    "would evict": (evidence(would_evict=2), "evict"),
}


@pytest.mark.parametrize("case", INSUFFICIENT)
@pytest.mark.parametrize("command", [["flags", "complete", "use_registry"], ["remove-legacy", "--flag", "use_registry"]])
def test_insufficient_evidence_is_refused_and_says_what_is_missing(
    command: list[str], case: str, staged: Path, invoke: Invoke
) -> None:
    text, missing = INSUFFICIENT[case]
    (staged / "evidence.json").write_text(text, encoding="utf-8")
    before = (staged / "outfall-flags.toml").read_bytes(), (staged / "agents.py").read_bytes()
    result = invoke(*command, "--evidence", "evidence.json")
    assert (result.exit_code, missing in result.stderr) == (4, True), result.output
    assert before == ((staged / "outfall-flags.toml").read_bytes(), (staged / "agents.py").read_bytes())


def test_no_evidence_at_all_is_refused(staged: Path, invoke: Invoke) -> None:
    result = invoke("remove-legacy", "--flag", "use_registry")
    assert (result.exit_code, "--evidence" in result.stderr) == (4, True)


def test_a_file_that_is_no_evidence_is_a_usage_error(staged: Path, invoke: Invoke) -> None:
    (staged / "evidence.json").write_text("{}", encoding="utf-8")
    result = invoke("flags", "complete", "use_registry", "--evidence", "evidence.json")
    assert (result.exit_code, "evidence.json" in result.stderr) == (2, True)


def test_nothing_is_removed_while_no_flag_is_completed(staged: Path, invoke: Invoke) -> None:
    before = (staged / "agents.py").read_bytes()
    assert invoke("remove-legacy").exit_code == 0
    assert (staged / "agents.py").read_bytes() == before


def test_a_completed_flag_is_written_into_the_ledger(staged: Path, invoke: Invoke) -> None:
    assert invoke("flags", "complete", "use_registry", "--evidence", "evidence.json").exit_code == 0
    flag = tomllib.loads((staged / "outfall-flags.toml").read_text(encoding="utf-8"))["flags"]["use_registry"]
    assert flag["completed"]["evidence"].startswith("sha256:")
    assert "completed" in invoke("flags").stdout


def test_a_completed_flags_legacy_path_fails_the_check_and_is_removed(staged: Path, invoke: Invoke) -> None:
    invoke("flags", "complete", "use_registry", "--evidence", "evidence.json")
    looked = invoke("remove-legacy", "--check")
    assert (looked.exit_code, "agents.py" in looked.stdout) == (1, True)
    assert invoke("remove-legacy", "--diff").exit_code == 1
    assert "StagedRegistry" in (staged / "agents.py").read_text(encoding="utf-8")
    removed = invoke("remove-legacy")
    assert removed.exit_code == 0, removed.output
    assert 'Registry("agents._agents", {})' in (staged / "agents.py").read_text(encoding="utf-8")
    assert "Staged" not in (staged / "agents.py").read_text(encoding="utf-8")
    assert invoke("remove-legacy", "--check").exit_code == 0


def test_force_needs_a_reason_and_leaves_it_in_the_journal(staged: Path, invoke: Invoke) -> None:
    assert invoke("remove-legacy", "--flag", "use_registry", "--force").exit_code == 2
    assert invoke("remove-legacy", "--flag", "use_registry", "--force", "no users").exit_code == 0
    entries = sorted((staged / ".outfall" / "journal").glob("*-remove-legacy/journal.json"))
    assert [json.loads(entry.read_text(encoding="utf-8"))["forced"] for entry in entries] == ["no users"]


def test_a_removal_can_be_undone(staged: Path, invoke: Invoke) -> None:
    before = (staged / "agents.py").read_bytes(), (staged / "outfall-flags.toml").read_bytes()
    invoke("remove-legacy", "--flag", "use_registry", "--evidence", "evidence.json")
    assert invoke("undo").exit_code == 0
    assert before == ((staged / "agents.py").read_bytes(), (staged / "outfall-flags.toml").read_bytes())
