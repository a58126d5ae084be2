"""Files as they come: what can be rewritten keeps every other byte, what cannot is named and left alone."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Invoke

TABLE = "X = {}\n\n\ndef put(key):\n    X[key] = 1\n"
NEW = "from outfall_runtime import StagedRegistry\n\n"

TAKEN = {
    "a latin-1 cookie": b"# -*- coding: latin-1 -*-\n" + f"NAME = 'Zo\xeb'\n{TABLE}".encode("latin-1"),
    "a cookie of Windows": b"# vim: set fileencoding=cp1252 :\n" + f"PRICE = '\u20ac'\n{TABLE}".encode("cp1252"),
    "a byte order mark": codecs.BOM_UTF8 + f"NAME = 'Zo\xeb'\n{TABLE}".encode(),
    "Windows line ends": TABLE.replace("\n", "\r\n").encode(),
    "old Macintosh line ends": TABLE.replace("\n", "\r").encode(),
    "mixed line ends": b"A = 1\r\nB = 2\r" + TABLE.encode(),
    "form feeds": b"import os\n\x0c\n" + TABLE.replace("\n\n\n", "\n\x0c\n\n").encode(),
    "a form feed inside a text": f"PAGE = 'a\x0cb'\n{TABLE}".encode(),
    "tabs": TABLE.replace("    ", "\t").encode(),
    "no final newline": TABLE.rstrip("\n").encode(),
    "nothing but the table on the last line": b"def put(key):\n    X[key] = 1\n\n\nX = {}",
    "line separators that end no line": f"# a\u2028b\x85c\x1cd\n{TABLE}".encode(),
    "wide characters before the table": "'\U0001f600'; \u00e9 = 1; X = {}\n\n\ndef put(key):\n    X[key] = 1\n".encode(),
    "lines that go on": TABLE.replace("X = {}", "X = \\\n    {}").encode(),
    "white space at the end of lines": TABLE.replace("X = {}", "X = {}  \t").encode(),
}


@pytest.mark.parametrize("name", TAKEN)
def test_every_byte_outside_the_edit_stays_and_undo_restores_all(name: str, project: Path, invoke: Invoke) -> None:
    path, before = project / "app.py", TAKEN[name]
    path.write_bytes(before)
    result = invoke("migrate")
    assert result.exit_code == 0, result.output
    after = path.read_bytes()
    compile(after, "app.py", "exec")
    assert b"StagedRegistry(" in after
    assert after.startswith(codecs.BOM_UTF8) == before.startswith(codecs.BOM_UTF8)
    kept = after.splitlines(keepends=True)
    lost = [line for line in before.removeprefix(codecs.BOM_UTF8).splitlines(keepends=True) if line not in kept]
    assert [line for line in lost if b"{}" not in line] == []
    assert invoke("migrate", "--check").exit_code == 0
    assert invoke("undo").exit_code == 0
    assert path.read_bytes() == before


NAMED = {
    "UTF-16": TABLE.encode("utf-16"),
    "bytes that its cookie does not allow": b"# coding: ascii\nNAME = '\xeb'\n" + TABLE.encode(),
    "a cookie that nobody knows": b"# coding: klingon\n" + TABLE.encode(),
    "a byte order mark and another cookie": codecs.BOM_UTF8 + b"# coding: latin-1\n" + TABLE.encode(),
    "null bytes": TABLE.encode() + b"\x00\n",
    "a mistake": TABLE.encode() + b"def (\n",
    "tabs and blanks mixed": b"if True:\n        a = 1\n\tb = 2\n" + TABLE.encode(),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_done(name: str, project: Path, invoke: Invoke) -> None:
    (project / "bad.py").write_bytes(NAMED[name])
    (project / "good.py").write_text(TABLE, encoding="utf-8")
    result = invoke("migrate")
    assert result.exit_code == 3
    assert [line for line in result.stderr.splitlines() if line.startswith("bad.py")] == result.stderr.splitlines()
    assert (project / "bad.py").read_bytes() == NAMED[name]
    assert "StagedRegistry" in (project / "good.py").read_text(encoding="utf-8")


def test_a_read_only_file_stops_the_run_before_anything_is_written(project: Path, invoke: Invoke) -> None:
    for name in ("a.py", "b.py"):
        (project / name).write_text(TABLE, encoding="utf-8")
    (project / "b.py").chmod(0o444)
    result = invoke("migrate")
    assert (result.exit_code, "b.py is read-only" in result.stderr, "chmod u+w" in result.stderr) == (4, True, True)
    assert {(project / name).read_text(encoding="utf-8") for name in ("a.py", "b.py")} == {TABLE}


def test_a_link_stays_a_link_and_its_file_is_rewritten_once(project: Path, invoke: Invoke) -> None:
    (project / "kept").mkdir()
    (project / "kept" / "store.txt").write_text(TABLE, encoding="utf-8")
    (project / "app.py").symlink_to("kept/store.txt")
    assert invoke("migrate").exit_code == 0
    assert (project / "app.py").is_symlink()
    assert (project / "kept" / "store.txt").read_text(encoding="utf-8").startswith(NEW)
    assert invoke("undo").exit_code == 0
    assert (project / "app.py").is_symlink()
    assert (project / "kept" / "store.txt").read_text(encoding="utf-8") == TABLE


def test_a_file_under_two_names_is_refused_rather_than_rewritten_twice(project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text(TABLE, encoding="utf-8")
    (project / "other.py").symlink_to("app.py")
    result = invoke("migrate")
    assert (result.exit_code, "are the same file; exclude one of them" in result.stderr) == (4, True)
    assert (project / "app.py").read_text(encoding="utf-8") == TABLE


def test_links_that_lead_out_or_nowhere_or_back_are_left_alone(project: Path, invoke: Invoke) -> None:
    outside = project.parent / "outside.py"
    outside.write_text(TABLE, encoding="utf-8")
    (project / "out.py").symlink_to(outside)
    refused = invoke("migrate")
    assert (refused.exit_code, "outside the project" in refused.stderr) == (4, True)
    assert outside.read_text(encoding="utf-8") == TABLE
    (project / "out.py").unlink()
    (project / "nowhere.py").symlink_to("gone.py")
    (project / "loop.py").symlink_to("loop.py")
    (project / "good.py").write_text(TABLE, encoding="utf-8")
    result = invoke("migrate")
    assert "Traceback" not in result.output
    assert result.exit_code in (0, 3)
    assert "StagedRegistry" in (project / "good.py").read_text(encoding="utf-8")


def test_a_file_that_changes_while_its_rewrite_is_planned_stops_the_run(
    project: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    from outfall_codemods import migrate

    (project / "app.py").write_text(TABLE, encoding="utf-8")
    planning = migrate.plan_migration

    def edited_meanwhile(*args: object, **options: object) -> object:
        plan = planning(*args, **options)  # type: ignore[arg-type]
        (project / "app.py").write_text(TABLE + "# mine\n", encoding="utf-8")
        return plan

    monkeypatch.setattr(migrate, "plan_migration", edited_meanwhile)
    result = invoke("migrate")
    assert (result.exit_code, "app.py changed while the rewrite was planned" in result.stderr) == (4, True)
    assert (project / "app.py").read_text(encoding="utf-8") == TABLE + "# mine\n"
    assert list((project / ".outfall" / "journal").glob("*")) == []


HEADS = {
    "# Generated by the protocol buffer compiler.  DO NOT EDIT!\n": True,
    "#\n# Autogenerated by Thrift Compiler (0.19.0)\n#\n# DO NOT EDIT UNLESS YOU ARE SURE\n#\n": True,
    "# @generated by some tool\n": True,
    '"""Generated from colours.json; do not modify."""\n': True,
    "# Numbers generated in 2020; edit as you like.\n": False,
    "# Do not edit the order below.\n": False,
    "LINES = 10\n" * 10 + "# generated, do not edit\n": False,
}


@pytest.mark.parametrize("head", HEADS)
def test_a_generated_file_is_left_and_named(head: str, project: Path, invoke: Invoke) -> None:
    (project / "app.py").write_text(head + TABLE, encoding="utf-8")
    said = " ".join(invoke("migrate").stdout.split())
    assert ("app.py is generated, as its line" in said) == HEADS[head]
    assert ((project / "app.py").read_text(encoding="utf-8") == head + TABLE) == HEADS[head]


LEDGERS = {
    "no text": (b"\xff", "can't decode byte 0xff"),
    "no TOML": (b"version = \n", "line 1"),
    "another version": (b"version = 99\n", "`version` is 99, expected 1"),
    "no version": (b'[flags.use_registry]\ngroup = "use_registry"\nstates = []\n', "`version` is None, expected 1"),
    "flags in a list": (b"version = 1\nflags = [1]\n", "`flags` must be a table"),
    "one state, not a list": (b'version = 1\n[flags.use_registry]\ngroup = "use_registry"\nstates = "a"\n', "states"),
}


@pytest.mark.parametrize("name", LEDGERS)
def test_a_ledger_that_cannot_be_used_is_named_and_nothing_changes(name: str, project: Path, invoke: Invoke) -> None:
    ledger, complaint = LEDGERS[name]
    (project / "app.py").write_text(TABLE, encoding="utf-8")
    (project / "outfall-flags.toml").write_bytes(ledger)
    result = invoke("migrate")
    assert result.exit_code == 2, result.output
    assert "outfall-flags.toml: " in result.stderr and complaint in result.stderr
    assert "bug" not in result.stderr
    assert (project / "app.py").read_text(encoding="utf-8") == TABLE
    assert (project / "outfall-flags.toml").read_bytes() == ledger
