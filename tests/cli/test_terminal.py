"""What a person at a terminal sees, and what a pipe gets: tried on a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from outfall_cli import terminal

from .conftest import AMBIENT

pty = pytest.importorskip("pty")

ERASED = "\r\x1b[K"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FILES = 60


@pytest.fixture
def large(project: Path) -> Path:
    """A project with enough files to show how far a run has come."""
    for number in range(FILES):
        (project / f"m{number}.py").write_text("x = 1\n" if number else AMBIENT, encoding="utf-8")
    return project


def at_a_terminal(*arguments: str, **environment: str) -> str:
    """All that a command writes when stdout and stderr are a terminal."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "outfall_cli", *arguments]
    with subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm", **environment}):
        os.close(slave)
        written = b""
        try:
            while block := os.read(master, 65536):
                written += block
        except OSError:  # how Linux says that nobody has the other end any more
            pass
    os.close(master)
    return written.decode()


def screen(written: str) -> str:
    """What is left to see: each line as it was last erased and written."""
    lines = written.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rpartition(ERASED)[2] for line in lines)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_progress_is_shown_and_leaves_nothing_behind(large: Path, jobs: str) -> None:
    written = at_a_terminal("check", "--no-cache", "-j", jobs, NO_COLOR="1")
    assert re.findall(r"checking (\d+/\d+) files", written) == ["25/60", "50/60"]
    piped = subprocess.run([sys.executable, "-m", "outfall_cli", "check", "--no-cache"], capture_output=True, text=True)
    assert without_times(screen(written)) == without_times(piped.stdout)
    assert piped.stderr == ""


def without_times(text: str) -> str:
    return re.sub(r"in [\d.]+ s \([^)]*\)", "", text)


def test_migrate_shows_progress_too_and_its_diff_stays_clean(large: Path) -> None:
    written = at_a_terminal("migrate", "--diff", NO_COLOR="1")
    assert "checking 25/60 files" in written
    assert "checking" not in screen(written)
    assert "--- a/m0.py" in screen(written)


@pytest.mark.parametrize(
    ("environment", "coloured"), [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": "0"}, False)]
)
def test_colour_is_for_terminals_whose_user_did_not_refuse_it(ambient: Path, environment: dict[str, str], coloured: bool) -> None:
    for command in (["check"], ["inventory"], ["doctor"]):
        assert bool(COLOUR.search(at_a_terminal(*command, **environment))) is coloured, command


def test_a_pipe_gets_neither_colour_nor_progress(large: Path) -> None:
    for command in (["check"], ["inventory"], ["doctor"], ["migrate", "--diff"]):
        done = subprocess.run([sys.executable, "-m", "outfall_cli", *command], capture_output=True, text=True)
        assert "\x1b" not in done.stdout + done.stderr, command


def test_a_line_is_no_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, width in (("60", 60), ("300", terminal.WIDEST)):
        monkeypatch.setenv("COLUMNS", columns)
        assert terminal.width() == width
