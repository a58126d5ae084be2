"""`outfall doctor` names what is wrong, each with a remedy."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outfall_cli import checkup, handover
from outfall_cli.checkup import EXAMINATIONS

if TYPE_CHECKING:
    from .conftest import Invoke

INTERRUPTED = {
    "format": "outfall-journal", "version": 1, "id": "1-migrate", "command": "migrate", "created": "2026-11-23T10:00:00Z",
    "status": "prepared", "forced": None, "files": [], "plans": [],
}  # fmt: skip


def broken_configuration(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.outfall]\nexlude = []\n", encoding="utf-8")


def broken_ledger(project: Path) -> None:
    (project / "outfall-flags.toml").write_text("version = 7\n", encoding="utf-8")


def broken_baseline(project: Path) -> None:
    (project / ".outfall-baseline.json").write_text("[]", encoding="utf-8")


def journal_of(project: Path, content: bytes) -> None:
    entry = project / ".outfall" / "journal" / "1-migrate"
    entry.mkdir(parents=True)
    (entry / "journal.json").write_bytes(content)


def interrupted_run(project: Path) -> None:
    journal_of(project, json.dumps(INTERRUPTED).encode())


def broken_journal(project: Path) -> None:
    journal_of(project, b"\xff")


WRONG: dict[str, Callable[[Path], None]] = {
    "configuration": broken_configuration,
    "ledger": broken_ledger,
    "baseline": broken_baseline,
    "journal": interrupted_run,
    "journal that is none": broken_journal,
}


@pytest.mark.parametrize("subject", WRONG)
def test_what_is_wrong_is_named_with_a_remedy(subject: str, project: Path, invoke: Invoke) -> None:
    WRONG[subject](project)
    result = invoke("doctor")
    assert result.exit_code == 1, result.output
    lines = result.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("wrong"))
    assert subject.partition(" ")[0] in lines[at]
    assert lines[at + 1].strip().startswith("->")


def test_a_missing_runtime_is_wrong(project: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "runtime_installed", lambda: False)
    result = invoke("doctor")
    assert (result.exit_code, "pip install outfall-runtime" in result.stdout) == (1, True)


@pytest.mark.parametrize(
    ("variable", "value", "subject"),
    [
        ("OUTFALL_METRICS_DIR", "nowhere", "monitoring"),
        ("OUTFALL_FLAG_FILE", "nowhere/flags.json", "flag file"),
        ("OUTFALL_FLAG_FILE", "pyproject.toml", "flag file"),
    ],
)
def test_what_processes_could_not_use_is_wrong(
    variable: str, value: str, subject: str, project: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    result = invoke("doctor")
    assert result.exit_code == 1
    assert f"wrong  {subject}" in result.stdout


def test_folders_that_processes_can_use_are_ok(
    project: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "flags.json").write_text('{"version": 1, "flags": {"use_context": "new"}}', encoding="utf-8")
    monkeypatch.setenv("OUTFALL_METRICS_DIR", str(project))
    monkeypatch.setenv("OUTFALL_FLAG_FILE", str(project / "flags.json"))
    said = invoke("doctor").stdout
    assert "ok     monitoring" in said and "ok     flag file" in said and "1 value" in said


SERVICE = """
from outfall_runtime import StagedRegistry
table = StagedRegistry("service.table")
table["a"] = 1
input()
"""


@pytest.fixture
def service(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A running process that reports; it ends when nobody may write to it any more."""
    folder = project / "metrics"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("OUTFALL_METRICS_DIR", str(folder))
    monkeypatch.setenv("OUTFALL_FLAG_FILE", str(project / "flags.json"))
    (project / "flags.json").write_text('{"version": 1, "flags": {}}', encoding="utf-8")
    with subprocess.Popen([sys.executable, "-c", SERVICE], stdin=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while not list(folder.glob("*.process")):
            assert time.monotonic() < end and process.poll() is None, "the process reports nothing"
            time.sleep(0.02)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.communicate(b"\n", timeout=60)


def test_running_processes_are_asked(service: subprocess.Popen[bytes], invoke: Invoke) -> None:
    assert "1 process answered" in invoke("doctor").stdout


def test_a_process_that_does_not_answer_is_named(
    service: subprocess.Popen[bytes], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkup, "SECONDS_TO_ANSWER", 0.5)
    service.send_signal(signal.SIGSTOP)
    result = invoke("doctor")
    assert result.exit_code == 1
    [line] = [line for line in result.stdout.splitlines() if line.startswith("wrong")]
    assert line.startswith("wrong  monitoring") and line.endswith(f" process {service.pid} did not answer")


def test_a_fresh_project_is_ready(project: Path, invoke: Invoke) -> None:
    result = invoke("doctor")
    assert result.exit_code == 0, result.stdout
    assert "Ready." in result.stdout


@pytest.mark.parametrize("examine", EXAMINATIONS, ids=lambda examine: examine.__name__)
def test_whatever_is_not_ok_has_a_remedy_or_a_reason(examine: Callable[[], object], project: Path) -> None:
    verdict = examine()
    assert verdict.level == "ok" or verdict.remedy or ":" in verdict.found  # type: ignore[attr-defined]
