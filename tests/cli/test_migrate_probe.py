"""`outfall migrate --probe` writes one file and rewrites nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Invoke


def sources(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.py")}


@pytest.mark.parametrize("wrong", ["agents", "probe.txt", "."])
def test_a_file_that_pytest_would_not_read_is_refused(ambient: Path, invoke: Invoke, wrong: str) -> None:
    result = invoke("migrate", "--probe", wrong)
    assert (result.exit_code, "--probe=FILE.py" in result.stderr) == (2, True)
    assert not (ambient / ".outfall").exists()


@pytest.mark.parametrize(("view", "code"), [("--diff", 1), ("--check", 1)])
def test_a_view_writes_nothing(ambient: Path, invoke: Invoke, view: str, code: int) -> None:
    before = sources(ambient)
    result = invoke("migrate", "--probe", "test_scopes.py", view)
    assert (result.exit_code, "test_scopes.py" in result.stdout) == (code, True)
    assert sources(ambient) == before


def test_no_file_of_anybodys_is_overwritten(ambient: Path, invoke: Invoke) -> None:
    (ambient / "test_scopes.py").write_text("# mine\n", encoding="utf-8")
    result = invoke("migrate", "--probe", "test_scopes.py")
    assert (result.exit_code, "is there already" in result.stderr) == (4, True)
    assert (ambient / "test_scopes.py").read_text(encoding="utf-8") == "# mine\n"


def test_a_file_outside_the_project_is_refused(ambient: Path, invoke: Invoke) -> None:
    result = invoke("migrate", "--probe", "../test_scopes.py")
    assert (result.exit_code, "lies outside the project" in result.stderr) == (2, True)
    assert not (ambient.parent / "test_scopes.py").exists()


def test_without_a_state_there_is_nothing_to_write(project: Path, invoke: Invoke) -> None:
    result = invoke("migrate", "--probe")
    assert (result.exit_code, result.stdout) == (0, "No state is moved, so there is nothing to probe.\n")
    assert sources(project) == {}


def test_only_the_probe_is_written_and_undo_takes_it_back(ambient: Path, invoke: Invoke) -> None:
    before = sources(ambient)
    (ambient / "tests").mkdir()
    result = invoke("migrate", "--probe")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[:3] == [
        "Wrote tests/test_state_scopes.py",
        "  1 context: each thread has its own, and from mode new on each task",
        "  1 table: one for the whole process",
    ]
    assert sources(ambient) == before
    assert "Is up to date: tests/test_state_scopes.py" in invoke("migrate", "--probe").stdout
    assert invoke("undo").exit_code == 0
    assert not (ambient / "tests" / "test_state_scopes.py").exists()


def test_only_what_is_asked_for_is_stated(ambient: Path, invoke: Invoke) -> None:
    assert invoke("migrate", "--probe", "--only", "agents.py").exit_code == 0
    text = (ambient / "test_state_scopes.py").read_text(encoding="utf-8")
    assert ("agents._agents" in text, "context._request" in text) == (True, False)


def test_a_command_that_fails_takes_it_back(ambient: Path, invoke: Invoke) -> None:
    assert invoke("migrate", "--probe", "--verify", "exit 1").exit_code == 4
    assert not (ambient / "test_state_scopes.py").exists()
