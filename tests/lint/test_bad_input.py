"""Broken files among good ones: one line each, the others still checked, no traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from outfall_lint.config import Config
from outfall_lint.engine import analyse

BROKEN = [
    (b"def f(:\n", "cannot be parsed"),
    (b"print 'x'\n", "Python 2"),
    (b"x = 1\n\0\n", "null byte"),
    (b"# -*- coding: utf-8 -*-\nx = '\xff'\n", "not valid"),
    (b"# -*- coding: no-such -*-\n", "known encoding"),
    (b"(" * 300 + b")" * 300, "cannot be parsed"),
]


@pytest.mark.parametrize(("data", "says"), BROKEN)
def test_a_broken_file_is_one_problem_and_harms_no_other(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "bad.py").write_bytes(data)
    (tmp_path / "good.py").write_text("S = {}\ndef f():\n    S[1] = 1\n")
    analysis = analyse(["."], Config(), tmp_path)
    (problem,) = analysis.problems
    assert problem.path == "bad.py"
    assert says in problem.message and "\n" not in problem.message
    assert [f.code for f in analysis.findings] == ["OUT101"]


def test_folders_loops_pipes_and_missing_files_are_problems(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    os.mkfifo(tmp_path / "pipe.py")
    analysis = analyse([".", "absent.py"], Config(), tmp_path)
    assert {p.path for p in analysis.problems} == {"folder.py", "loop.py", "gone.py", "pipe.py", "absent.py"}


def test_columns_count_characters(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("é = 'ü'; S = {}\ndef f():\n    S[1] = 1\n", encoding="utf-8")
    (finding,) = analyse(["."], Config(), tmp_path).findings
    assert (finding.place.column, finding.place.end_column) == (9, 10)


def test_byte_order_mark_and_latin_1_are_read(tmp_path: Path) -> None:
    (tmp_path / "bom.py").write_bytes(b"\xef\xbb\xbfS = {}\ndef f():\n    S[1] = 1\n")
    (tmp_path / "latin.py").write_bytes(b"# coding: latin-1\nS = {'\xe9': 1}\r\ndef f():\r\n    S[1] = 1\r\n")
    analysis = analyse(["."], Config(), tmp_path)
    assert analysis.problems == ()
    assert [(f.place.path, f.place.line) for f in analysis.findings] == [("bom.py", 1), ("latin.py", 2)]


def test_a_long_chain_of_operators_is_no_recursion_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = " + " + ".join("'a'" for _ in range(900)) + "\n")
    assert analyse(["."], Config(), tmp_path).problems == ()
