"""The command line as a whole: help, version, lazy imports, colour."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from outfall_cli import terminal
from outfall_cli.main import outfall

if TYPE_CHECKING:
    from .conftest import Invoke, Run

COMMANDS = {
    "check", "demo", "diagnostics", "diff", "doctor", "explain", "flags", "init", "inventory",
    "metrics", "migrate", "remove-legacy", "report", "rules", "stage", "tables", "undo",
}  # fmt: skip
HEAVY = {"libcst", "jinja2", "tomlkit", "outfall_lint", "outfall_codemods", "outfall_reports", "outfall_runtime"}


def test_every_command_is_found() -> None:
    assert set(outfall.list_commands(click.Context(outfall))) == COMMANDS


def test_the_list_of_commands_cuts_no_sentence_short(invoke: Invoke) -> None:
    shown = invoke("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line for line in shown if not line.endswith(".")] + [line for line in shown if line.endswith("...")] == []
    assert len(shown) == len(COMMANDS)


def test_the_version_loads_none_of_the_tools() -> None:
    program = (
        "import sys\nfrom outfall_cli.main import outfall\n"
        "outfall(['--version'], standalone_mode=False)\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said, loaded = done.stdout.splitlines()
    assert said.startswith("outfall ")
    assert HEAVY & {name.partition(".")[0] for name in loaded.split()} == set()


@pytest.mark.parametrize("name", sorted(COMMANDS - {"diagnostics", "metrics", "stage", "tables"}))
def test_every_help_teaches_by_example_within_100_columns(name: str, invoke: Invoke) -> None:
    result = invoke(name, "--help")
    assert result.exit_code == 0
    assert f"outfall {name}" in result.output.split("Example", 1)[1]
    assert max(map(len, result.output.splitlines())) <= 100


def test_help_without_a_command_shows_the_whole_way(invoke: Invoke) -> None:
    result = invoke("--help")
    assert result.exit_code == 0
    assert "remove-legacy" in result.output and "Exit codes:" in result.output


def test_no_colour_goes_into_a_pipe(ambient: Path, run: Run) -> None:
    assert "\x1b" not in run("check").out + run("migrate", "--diff").out


def test_no_color_wins_over_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert terminal.styled("x", bold=True) != "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert terminal.styled("x", bold=True) == "x"


def test_progress_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert terminal.progress("checking") is None
