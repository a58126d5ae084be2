"""`outfall init` adds what is missing and touches nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Invoke

KEPT = "# ours\n[project]\nname    = 'app'   # spaced\n"


def test_a_section_that_is_there_is_left_alone(project: Path, invoke: Invoke) -> None:
    text = "[tool.outfall]\npaths = ['app']\n"
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    result = invoke("init")
    assert result.exit_code == 0
    assert (project / "pyproject.toml").read_text(encoding="utf-8") == text


def test_a_broken_file_is_left_alone(project: Path, invoke: Invoke) -> None:
    (project / "pyproject.toml").write_text("[tool", encoding="utf-8")
    result = invoke("init")
    assert (result.exit_code, "pyproject.toml" in result.stderr) == (2, True)
    assert (project / "pyproject.toml").read_text(encoding="utf-8") == "[tool"


def test_a_tool_that_is_no_table_is_left_alone(project: Path, invoke: Invoke) -> None:
    (project / "pyproject.toml").write_text("tool = 3\n", encoding="utf-8")
    result = invoke("init")
    assert (result.exit_code, "not a table" in result.stderr) == (2, True)
    assert (project / "pyproject.toml").read_text(encoding="utf-8") == "tool = 3\n"


def test_the_section_goes_behind_what_is_there(project: Path, invoke: Invoke) -> None:
    (project / "pyproject.toml").write_text(KEPT, encoding="utf-8")
    (project / "app").mkdir()
    (project / "app" / "__init__.py").touch()
    (project / "tests").mkdir()
    result = invoke("init")
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    assert result.exit_code == 0, result.output
    assert text.startswith(KEPT)
    assert tomllib.loads(text)["tool"]["outfall"]["paths"] == ["app", "tests"]


def test_what_it_writes_is_a_configuration_that_check_accepts(project: Path, invoke: Invoke) -> None:
    assert invoke("init").exit_code == 0
    assert invoke("check").exit_code == 0


def test_a_project_without_pyproject_gets_one(project: Path, invoke: Invoke) -> None:
    (project / "pyproject.toml").unlink()
    (project / ".git").mkdir()
    assert invoke("init").exit_code == 0
    assert "tool" in tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))


def test_a_baseline_that_is_there_is_left_alone(ambient: Path, invoke: Invoke) -> None:
    (ambient / ".outfall-baseline.json").write_text('{"version": 1, "entries": []}', encoding="utf-8")
    assert invoke("init").exit_code == 0
    assert (ambient / ".outfall-baseline.json").read_text(encoding="utf-8") == '{"version": 1, "entries": []}'


def test_no_baseline_is_written_unless_it_is_needed_and_wanted(project: Path, invoke: Invoke) -> None:
    assert invoke("init").exit_code == 0
    (project / "agents.py").write_text("seen = {}\n\n\ndef see(key):\n    seen[key] = 1\n", encoding="utf-8")
    assert invoke("init", "--no-baseline").exit_code == 0
    assert not (project / ".outfall-baseline.json").exists()


def test_an_old_project_starts_at_zero(ambient: Path, invoke: Invoke) -> None:
    result = invoke("init")
    assert (result.exit_code, "accepts 2 findings of today" in result.stdout) == (0, True)
    assert invoke("check", "--strict").exit_code == 0
    assert invoke("check", "--no-baseline").exit_code == 1
