"""Life with outfall in a real checkout: a baseline while code grows, deleted files, odd names, odd comments."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from outfall_lint.baseline import Baseline, compare, updated
from outfall_lint.config import Config, ConfigError, load_config
from outfall_lint.discovery import discover
from outfall_lint.engine import analyse
from outfall_lint.source import SourceLines

ONE = "_agents = {}\n\ndef add(k, v):\n    _agents[k] = v\n"
TWO = ONE + "\ndef drop(k):\n    del _agents[k]\n"


def accepted(folder: Path, text: str, baseline: Baseline, growth: str | None = None) -> Baseline:
    (folder / "app.py").write_text(text, encoding="utf-8")
    found = analyse([folder], Config(), folder).findings
    return updated(found, baseline, SourceLines(folder), growth)


def new(folder: Path, text: str, baseline: Baseline) -> int:
    (folder / "app.py").write_text(text, encoding="utf-8")
    return len(compare(analyse([folder], Config(), folder).findings, baseline, SourceLines(folder)).new)


def test_shrinking_keeps_what_was_accepted_and_takes_in_nothing(tmp_path: Path) -> None:
    adopted = accepted(tmp_path, ONE, Baseline(), "adopting")
    while_it_grows = accepted(tmp_path, TWO, adopted)
    assert while_it_grows.entries == adopted.entries
    assert new(tmp_path, TWO, while_it_grows) == 1
    assert new(tmp_path, ONE, while_it_grows) == 0


def test_shrinking_forgets_what_is_gone(tmp_path: Path) -> None:
    adopted = accepted(tmp_path, TWO, Baseline(), "adopting")
    smaller = accepted(tmp_path, ONE, adopted)
    assert new(tmp_path, ONE, smaller) == 0
    assert new(tmp_path, TWO, smaller) == 1
    assert accepted(tmp_path, "", smaller).entries == ()


def test_a_tracked_file_that_was_deleted_is_no_problem(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in ("kept.py", "gone.py"):
        (tmp_path / name).write_text("", encoding="utf-8")
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    (tmp_path / "gone.py").unlink()
    files, problems = discover([tmp_path], tmp_path)
    assert ([file.path for file in files], problems) == (["kept.py"], [])


def test_a_name_that_is_not_text_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("", encoding="utf-8")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.py")).write_text("", encoding="utf-8")
    files, problems = discover([tmp_path], tmp_path)
    assert [file.path for file in files] == ["good.py"]
    assert [(problem.path, "not UTF-8" in problem.message) for problem in problems] == [(r"bad\xff.py", True)]


@pytest.mark.parametrize(
    ("comment", "silent"),
    [
        ("# outfall: ignored by nobody", False),
        ("# outfall: ignore[]", False),
        ("# outfall: ignore[OUT999] another rule", False),
        ("# outfall: ignore", True),
        ("# outfall: ignore the lot, it is legacy", True),
        ("# outfall: ignore[OUT101] a table", True),
        ("# Outfall: Ignore[OUT101] a table", True),
        ("# NoQA: OUT101", True),
        ("# NoQa", True),
    ],
)
def test_only_a_real_suppression_silences(tmp_path: Path, comment: str, silent: bool) -> None:
    (tmp_path / "app.py").write_text(ONE.replace("{}\n", f"{{}}  {comment}\n", 1), encoding="utf-8")
    assert (analyse([tmp_path], Config(), tmp_path).findings == ()) is silent


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tool = 3\n", "`tool` is a number, expected a table"),
        ("[tool]\noutfall = 3\n", "`tool.outfall` is a number, expected a table"),
        ("[tool.outfall]\npaths = []\n", "nothing would be checked"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_config(tmp_path)
