"""`outfall init` adds what is missing and touches nothing else."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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


OWN = ("app/__init__.py", "jobs/clean.py", "setup.py", "tools/release.py", "docs/conf.py", "src/web/__init__.py")


@pytest.mark.parametrize(("more", "paths"), [((), ["app", "jobs", "src"]), (("manage.py",), ["."])])
def test_all_that_is_the_project_s_own_is_checked(more: tuple[str, ...], paths: list[str], project: Path, invoke: Invoke) -> None:
    for name in (*OWN, *more):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x = 1\n", encoding="utf-8")
    assert invoke("init").exit_code == 0
    assert tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["outfall"]["paths"] == paths


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


def test_diff_without_runtime_is_a_mistake(project: Path, invoke: Invoke) -> None:
    result = invoke("init", "--diff")
    assert (result.exit_code, "outfall init --runtime --diff" in result.stderr) == (2, True)
    assert "outfall" not in (project / "pyproject.toml").read_text(encoding="utf-8")


def test_runtime_with_diff_writes_nothing(project: Path, invoke: Invoke) -> None:
    (project / "pyproject.toml").write_text(KEPT, encoding="utf-8")
    result = invoke("init", "--runtime", "--diff")
    assert (result.exit_code, '+dependencies = ["outfall-runtime"]' in result.stdout) == (1, True)
    assert (project / "pyproject.toml").read_text(encoding="utf-8") == KEPT
    assert not (project / ".outfall-baseline.json").exists()


def test_runtime_is_added_once_and_undone(project: Path, invoke: Invoke) -> None:
    (project / "pyproject.toml").write_text(KEPT, encoding="utf-8")
    result = invoke("init", "--runtime")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "Added outfall-runtime to pyproject.toml")
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    assert text.startswith(KEPT)
    assert tomllib.loads(text)["project"]["dependencies"] == ["outfall-runtime"]
    again = invoke("init", "--runtime")
    assert (again.exit_code, again.stdout) == (0, "outfall-runtime is declared already; nothing to add.\n")
    assert invoke("init", "--runtime", "--diff").exit_code == 0
    assert invoke("undo").exit_code == 0
    assert (project / "pyproject.toml").read_text(encoding="utf-8") == KEPT


def test_runtime_says_what_is_left_to_do_by_hand(project: Path, invoke: Invoke) -> None:
    (project / "pyproject.toml").write_text("[tool.x]\n", encoding="utf-8")
    result = invoke("init", "--runtime")
    assert result.exit_code == 0
    assert result.stdout == "no list of dependencies was found; add outfall-runtime where the project declares them\n"


def test_runtime_is_needed_for_the_build_where_setup_imports_what_will_import_it(ambient: Path, invoke: Invoke) -> None:
    (ambient / "setup.py").write_text("from agents import register\n", encoding="utf-8")
    assert invoke("init", "--runtime").exit_code == 0
    text = (ambient / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["build-system"]["requires"] == ["setuptools", "outfall-runtime"]
    assert invoke("migrate").exit_code == 0
    assert "build requirements" not in invoke("init", "--runtime").stdout
