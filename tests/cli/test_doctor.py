"""`outfall doctor` names what is wrong, each with a remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outfall_cli import handover
from outfall_cli.checkup import EXAMINATIONS

if TYPE_CHECKING:
    from .conftest import Invoke

INTERRUPTED = '{"status": "prepared"}'


def broken_configuration(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.outfall]\nexlude = []\n", encoding="utf-8")


def broken_ledger(project: Path) -> None:
    (project / "outfall-flags.toml").write_text("version = 7\n", encoding="utf-8")


def interrupted_run(project: Path) -> None:
    entry = project / ".outfall" / "journal" / "1-migrate"
    entry.mkdir(parents=True)
    (entry / "journal.json").write_text(INTERRUPTED, encoding="utf-8")


WRONG: dict[str, Callable[[Path], None]] = {
    "configuration": broken_configuration,
    "ledger": broken_ledger,
    "journal": interrupted_run,
}


@pytest.mark.parametrize("subject", WRONG)
def test_what_is_wrong_is_named_with_a_remedy(subject: str, project: Path, invoke: Invoke) -> None:
    WRONG[subject](project)
    result = invoke("doctor")
    assert result.exit_code == 1, result.output
    lines = result.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("wrong"))
    assert subject in lines[at]
    assert lines[at + 1].strip().startswith("->")


def test_a_missing_runtime_is_wrong(project: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "runtime_installed", lambda: False)
    result = invoke("doctor")
    assert (result.exit_code, "pip install outfall-runtime" in result.stdout) == (1, True)


def test_a_fresh_project_is_ready(project: Path, invoke: Invoke) -> None:
    result = invoke("doctor")
    assert result.exit_code == 0, result.stdout
    assert "Ready." in result.stdout


@pytest.mark.parametrize("examine", EXAMINATIONS, ids=lambda examine: examine.__name__)
def test_whatever_is_not_ok_has_a_remedy_or_a_reason(examine: Callable[[], object], project: Path) -> None:
    verdict = examine()
    assert verdict.level == "ok" or verdict.remedy or ":" in verdict.found  # type: ignore[attr-defined]
