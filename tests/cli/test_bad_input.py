"""Files that cannot be read, among good ones: one line each, the others done, exit code 3."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Run


def unreadable(path: Path) -> None:
    path.write_text("x = 1\n", encoding="utf-8")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything; the dangling link and the folder stand in for this")


BROKEN: dict[str, Callable[[Path], object]] = {
    "syntax error": lambda path: path.write_text("def broken(:\n", encoding="utf-8"),
    "latin-1 without a cookie": lambda path: path.write_bytes("name = 'Zoë'\n".encode("latin-1")),
    "unknown encoding": lambda path: path.write_bytes(b"# coding: klingon\nx = 1\n"),
    "null bytes": lambda path: path.write_bytes(b"x = 1\x00\n"),
    "utf-16": lambda path: path.write_bytes("x = 1\n".encode("utf-16")),
    "no permission": unreadable,
    "dangling link": lambda path: path.symlink_to("nowhere.py"),
    "a folder": lambda path: path.mkdir(),
    "link loop": lambda path: path.symlink_to(path.name),
}


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest, ambient: Path) -> str:
    """A file that cannot be read, among good ones."""
    BROKEN[request.param](ambient / "broken.py")
    return "broken.py"


def check_one_line(err: str, name: str) -> None:
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1, err
    assert err.startswith(name)


def test_check_does_the_others(broken: str, run: Run) -> None:
    done = run("check", "--format", "json")
    assert done.code == 3
    check_one_line(done.err, broken)
    document = json.loads(done.out)
    assert {finding["path"] for finding in document["findings"]} == {"agents.py", "context.py"}
    assert [error["path"] for error in document["errors"]] == [broken]


def test_inventory_does_the_others(broken: str, run: Run) -> None:
    done = run("inventory")
    assert done.code == 3
    check_one_line(done.err, broken)
    assert "agents._agents" in done.out


def test_migrate_does_the_others(broken: str, ambient: Path, run: Run) -> None:
    done = run("migrate")
    assert done.code == 3, done.err
    check_one_line(done.err, broken)
    assert "StagedRegistry" in (ambient / "agents.py").read_text(encoding="utf-8")


def test_a_path_that_does_not_exist(ambient: Path, run: Run) -> None:
    done = run("check", "nowhere", "agents.py")
    assert done.code == 3
    check_one_line(done.err, "nowhere")
    assert "OUT101" in done.out


def test_a_broken_configuration_is_one_line(project: Path, run: Run) -> None:
    (project / "pyproject.toml").write_text("[tool.outfall\n", encoding="utf-8")
    done = run("check")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "pyproject.toml" in done.err


def test_a_broken_ledger_is_one_line(project: Path, run: Run) -> None:
    (project / "outfall-flags.toml").write_text("version = 1\n[flags\n", encoding="utf-8")
    done = run("flags")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "outfall-flags.toml" in done.err


def test_foreign_json_for_a_report_is_one_line(project: Path, run: Run) -> None:
    (project / "foreign.json").write_text('{"format": "something else"}', encoding="utf-8")
    done = run("report", "--no-check", "foreign.json")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "foreign.json" in done.err
    assert not (project / "outfall-report.html").exists()
