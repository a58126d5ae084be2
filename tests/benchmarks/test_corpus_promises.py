"""The corpus run's own look at a rewritten tree can find a stray line, a file left changed, a new type error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.corpus.promises import changed_files, new_type_errors, strayed
from benchmarks.corpus.workshop import differing, without_reruns

BEFORE = """import os

_level = 0
other = 1

def f():
    global _level

    _level = max(
        other,
        2,
    )
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A git tree of one module, committed."""
    (tmp_path / "app.py").write_text(BEFORE)
    for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@localhost commit -qm stock"):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
    return tmp_path


def test_a_line_that_names_no_state_has_strayed(tree: Path) -> None:
    (tree / "app.py").write_text(BEFORE.replace("other = 1", "other = 3").replace("_level = 0", "_level = Slot(0)"))
    assert strayed(tree, "HEAD", ["_level"]) == ["app.py:4"]
    assert strayed(tree, "HEAD", []) == ["app.py:3", "app.py:4"]


def test_a_module_that_came_has_strayed(tree: Path) -> None:
    for path in ("new.py", ".outfall/before.py"):
        (tree / path).parent.mkdir(exist_ok=True)
        (tree / path).write_text("")
    subprocess.run(["git", "add", "-Af"], cwd=tree, check=True)
    assert strayed(tree, "HEAD", ["_level"]) == ["new.py"]


def test_statements_that_name_the_state_imports_and_blank_lines_may_change(tree: Path) -> None:
    after = BEFORE.replace("import os\n", "from x import Slot\n").replace("    global _level\n\n", "")
    (tree / "app.py").write_text(after.replace("        2,\n", "        4,\n"))
    assert strayed(tree, "HEAD", ["_level"]) == []


def test_any_difference_from_the_commit_is_a_changed_file(tree: Path) -> None:
    (tree / ".outfall").mkdir()
    (tree / ".outfall" / "journal").write_text("")
    assert changed_files(tree) == []
    (tree / "app.py").write_text(BEFORE + " ")
    (tree / "new.toml").write_text("")
    assert sorted(changed_files(tree)) == ["app.py", "new.toml"]


@pytest.mark.parametrize("settings", ["[mypy]\n", "[mypy]\nfiles = app.py\n", "[mypy]\nfiles = nowhere.py\n"])
def test_only_new_messages_of_the_configured_checker_count(settings: str, tmp_path: Path) -> None:
    stock, tree = tmp_path / "stock", tmp_path / "tree"
    twice = "x: int = ''\nx: int = 1\n"  # "already defined on line …"
    for folder, text in ((stock, twice), (tree, f"\n\n{twice}y: str = 1\n")):
        folder.mkdir()
        (folder / "app.py").write_text(text)
    assert new_type_errors(stock, tree, ["app.py"], Path(sys.executable)) is None
    (stock / "mypy.ini").write_text(settings)
    (tree / "mypy.ini").write_text(settings)
    (found,) = new_type_errors(stock, tree, ["app.py"], Path(sys.executable)) or []
    assert found.startswith("app.py: error: Incompatible types in assignment")


def test_a_test_that_needs_no_second_try_any_more_is_not_lost() -> None:
    outcomes = {"a": "passed", "b": "failed", "d": "passed", "d#2": "failed"}
    assert without_reruns(["a#2", "b#2", "c#2", "d#2", "e"], outcomes) == ["b#2", "c#2", "d#2", "e"]


def test_types_that_a_package_ships_are_checked_without_a_configuration(tmp_path: Path) -> None:
    stock, tree = tmp_path / "stock", tmp_path / "tree"
    for folder, value in ((stock, "1"), (tree, "'1'")):
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "py.typed").touch()
        (folder / "app" / "__init__.py").write_text(f"x: int = {value}\n")
    (found,) = new_type_errors(stock, tree, ["app"], Path(sys.executable)) or []
    assert found.startswith("app/__init__.py: error: Incompatible types in assignment")


def test_two_runs_of_the_stock_tree_differ_by_what_is_flaky() -> None:
    assert differing({"a": "passed", "b[#1]": "failed"}, {"a": "passed", "b[#1]": "failed"}) == []
    first = {"a": "passed", "b": "passed", "b#2": "failed", "c[#3]": "passed", "d": "xfailed"}
    again = {"a": "passed", "b": "passed", "c[#3]": "failed", "d": "passed", "e": "skipped"}
    assert differing(first, again) == ["b", "c[#3]", "d", "e"]


PYRIGHT = """\
import json, pathlib
path = pathlib.Path("app.py").resolve()
told = [{"file": str(path), "severity": line.split()[0], "message": line} for line in path.read_text().splitlines()]
print(json.dumps({"generalDiagnostics": told}))
raise SystemExit(1)
"""


def test_new_errors_and_warnings_of_a_configured_pyright_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock, tree, commands = tmp_path / "stock", tmp_path / "tree", tmp_path / "bin"
    for folder in (stock, tree, commands):
        folder.mkdir()
    (commands / "pyright").write_text(f"#!{sys.executable}\n{PYRIGHT}")
    (commands / "pyright").chmod(0o755)
    monkeypatch.setenv("PATH", str(commands))
    (stock / "app.py").write_text("error one\ninformation two\n")
    (tree / "app.py").write_text("information three\nerror one\nwarning four\n")
    assert new_type_errors(stock, tree, [], Path(sys.executable)) is None
    (stock / "pyproject.toml").write_text("[tool.pyright]\n")
    assert new_type_errors(stock, tree, [], Path(sys.executable)) == ["app.py: warning: warning four"]


def test_an_except_clause_that_names_the_state_may_change(tree: Path) -> None:
    text = "_errors = None\ndef f():\n    try:\n        pass\n    except _errors.Some:\n        pass\n"
    (tree / "app.py").write_text(text)
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-aqm", "errors"], cwd=tree, check=True)
    (tree / "app.py").write_text(text.replace("except _errors", "except _errors.value"))
    assert strayed(tree, "HEAD", ["_errors"]) == []
