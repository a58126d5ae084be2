"""What does not exist is an error (exit code 2) that names what was probably meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outfall_cli.nearest import unknown
from outfall_lint.closest import closest

if TYPE_CHECKING:
    from .conftest import Invoke

LEDGER = """\
version = 1

[flags.use_registry]
group = "use_registry"
states = ["app.agents._agents"]
owner = ""
created = 2026-11-23
"""

CASES = {
    "command": (["chek"], "check"),
    "command with a hyphen": (["remove-legcy"], "remove-legacy"),
    "option": (["check", "--strct"], "--strict"),
    "rule to explain": (["explain", "modul-mapping"], "module-mapping"),
    "rule with a letter for a digit": (["explain", "OUT1O1"], "did you mean OUT101?"),
    "rule to select": (["check", "--select", "OUT999"], "OUT"),
    "priority": (["check", "--min-priority", "hgih"], "high"),
    "format": (["check", "--format", "jsn"], "json"),
    "flag to complete": (["flags", "complete", "use_regsitry", "--evidence", "evidence.json"], "use_registry"),
    "flag to remove": (["remove-legacy", "--flag", "use_regsitry"], "use_registry"),
    "kind to migrate": (["migrate", "--only", "contxt"], "context"),
    "reason to overrule": (["migrate", "--unsafe", "star-import"], "star-imports"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_unknown_name_is_an_error_that_names_the_nearest(case: str, project: Path, invoke: Invoke) -> None:
    arguments, meant = CASES[case]
    (project / "outfall-flags.toml").write_text(LEDGER, encoding="utf-8")
    (project / "evidence.json").write_text("{}", encoding="utf-8")
    result = invoke(*arguments)
    assert (result.exit_code, meant in result.stderr) == (2, True), result.output


def test_an_unknown_configuration_key_names_the_nearest(project: Path, invoke: Invoke) -> None:
    (project / "pyproject.toml").write_text("[tool.outfall]\nexlude = []\n", encoding="utf-8")
    result = invoke("check")
    assert result.exit_code == 2
    assert "exlude" in result.stderr and "exclude" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("wrong", "meant"), [("xyzzy", None), ("", None), ("chek", "check"), ("CHECK", "check"), ("rule", "rules")]
)
def test_the_closest_name_is_meant(wrong: str, meant: str | None) -> None:
    assert closest(wrong, ["check", "rules", "undo"]) == meant


@pytest.mark.parametrize("wrong", ["OUT1O1", "0UT101", "OUTlO1", "OUTI01", "out|o1"])
def test_what_looks_alike_is_the_same(wrong: str) -> None:
    codes = [f"OUT{number}" for number in (*range(101, 113), *range(201, 209))]
    assert closest(wrong, codes) == "OUT101"
    assert closest("use-context", ["use_registry", "use_context"]) == "use_context"


def test_where_nothing_is_near_the_list_is_named() -> None:
    assert unknown("rule", "xyzzy", ["OUT101"], see="outfall rules") == "unknown rule xyzzy: `outfall rules` lists them."
    assert unknown("flag", "xyzzy", [], see="outfall flags") == "unknown flag xyzzy: there is none yet."


MEANINGLESS = {
    "no rule": (["check", "--select", ","], "no code"),
    "a baseline that is not there": (["check", "--baseline", "old.json"], "old.json"),
    "growth without an update": (["check", "--allow-growth", "reason"], "--update-baseline"),
    "growth without a reason": (["check", "--update-baseline", "--allow-growth", " "], "needs a reason"),
    "a baseline of some paths": (["check", "--update-baseline", "app"], "whole project"),
    "a baseline of some rules": (["check", "--update-baseline", "--select", "OUT101"], "whole project"),
    "stdin without a place": (["check", "-"], "--stdin-filename"),
    "stdin and paths": (["check", "--stdin-filename", "a.py", "b.py"], "leave out the paths"),
    "strict, but not all": (["check", "--strict", "--min-priority", "high"], "leave out --min-priority"),
    "no baseline to update": (["check", "--no-baseline", "--update-baseline"], "--no-baseline"),
    "a place without a line": (["explain", "app.py"], "app.py:12"),
}


@pytest.mark.parametrize("case", MEANINGLESS)
def test_what_makes_no_sense_is_refused_with_a_remedy(case: str, project: Path, invoke: Invoke) -> None:
    arguments, said = MEANINGLESS[case]
    result = invoke(*arguments)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output
    assert list(project.glob("*baseline*")) == []
