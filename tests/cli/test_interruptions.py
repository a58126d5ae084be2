"""What stops a command from outside, or from inside where nobody foresaw it: one line, and a telling exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from outfall_cli import project as projects
from outfall_codemods import writing

from .conftest import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Invoke, Run


def interrupted_at(call: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C arrive just before the given file is put in its place."""
    commit, calls = writing.commit, iter(range(1, 1000))

    def commit_or_stop(*arguments: Path) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt
        commit(*arguments)

    monkeypatch.setattr(writing, "commit", commit_or_stop)


def leave_half_done(project: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    """A migrate that dies between two files, as under `kill -9`: nobody puts anything back."""
    with monkeypatch.context() as patch:
        patch.setattr("outfall_cli.changes.recover", lambda root: 0)
        interrupted_at(6, patch)
        assert invoke("migrate").exit_code == 130
    assert (project / "agents.py").read_text(encoding="utf-8").count("Staged") > 0


def test_our_own_fault_is_called_a_bug_and_is_no_finding(
    ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by two")

    monkeypatch.setattr(projects.Project, "within", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    result = invoke("inventory")
    (kept,) = tmp_path.glob("outfall-bug-*.txt")
    assert result.exit_code == 2
    assert "this is a bug in outfall (ZeroDivisionError: by two)" in result.stderr
    assert str(kept) in result.stderr and "Traceback" not in result.stderr
    assert "Traceback" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("call", range(1, 8))
def test_ctrl_c_leaves_nothing_half_written(
    call: int, ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(ambient)
    interrupted_at(call, monkeypatch)
    result = invoke("migrate")
    assert (result.exit_code, "Stopped." in result.stderr) == (130, True)
    assert contents(ambient) == before


@pytest.fixture
def reachable() -> Iterator[None]:
    """Have commands hear Ctrl-C also where these tests run in the background, for which shells ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("reachable")
def test_ctrl_c_while_verifying_restores_everything(ambient: Path) -> None:
    before = contents(ambient)
    command = [sys.executable, "-m", "outfall_cli", "migrate", "--verify", "kill -INT 0"]
    done = subprocess.run(command, cwd=ambient, capture_output=True, text=True, start_new_session=True)
    assert (done.returncode, "every file was restored" in done.stderr) == (130, True), done.stderr
    assert contents(ambient) == before


def test_undo_takes_back_what_was_stopped_half_way(
    ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(ambient)
    leave_half_done(ambient, monkeypatch, invoke)
    result = invoke("undo")
    assert (result.exit_code, "put back" in result.stderr) == (0, True), result.output
    assert contents(ambient) == before


def test_undo_after_a_stop_leaves_earlier_changes_alone(
    ambient: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke("migrate", "context.py").exit_code == 0
    before = contents(ambient)
    with monkeypatch.context() as patch:
        patch.setattr("outfall_cli.changes.recover", lambda root: 0)
        interrupted_at(5, patch)
        assert invoke("migrate").exit_code == 130
    assert invoke("undo").exit_code == 0
    assert contents(ambient) == before


def test_a_verification_that_edits_files_is_told_apart(ambient: Path, run: Run) -> None:
    done = run("migrate", "--verify", "echo '# edited' >> agents.py; exit 3")
    assert done.code == 4
    assert "failed with exit code 3" in done.err
    assert "agents.py was changed" in done.err and "every file was restored" not in done.err


def test_a_reader_that_goes_away_is_no_error(ambient: Path) -> None:
    command = [sys.executable, "-m", "outfall_cli", "check"]
    with subprocess.Popen(command, cwd=ambient, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (128 + signal.SIGPIPE, b"")


def test_what_the_terminal_cannot_show_is_escaped(ambient: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "iso8859-1"}
    command = [sys.executable, "-m", "outfall_cli", "check"]
    done = subprocess.run(command, cwd=ambient, capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\\u2191" in done.stdout


def test_json_stays_json_where_a_file_name_is_no_text(project: Path, run: Run) -> None:
    with open(os.fsencode(project) + b"/bad\xff.py", "w", encoding="utf-8") as file:
        file.write("seen = {}\n\n\ndef see(key):\n    seen[key] = 1\n")
    done = run("check", "--format", "json")
    assert done.code in (1, 3)
    assert json.loads(done.out)["version"] == 1


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_run_killed_while_its_command_ran_is_told_and_can_be_undone(ambient: Path, run: Run) -> None:
    before = contents(ambient)
    assert run("migrate", "--verify", "kill -9 $PPID").code == -signal.SIGKILL
    assert contents(ambient) != before
    doctor = run("doctor")
    assert (doctor.code, "`kill -9 $PPID` never agreed to migrate of 2" in doctor.out) == (1, True), doctor.out
    told = run("migrate")
    assert (told.code, "stands, but `kill -9 $PPID` never agreed to it; run that now" in told.err) == (0, True), told.err
    assert run("migrate").err == ""
    assert run("doctor").code == 0
    assert run("undo").code == 0
    assert contents(ambient) == before


def test_what_the_command_agreed_to_is_settled(ambient: Path, run: Run) -> None:
    inner = f"{sys.executable} -m outfall_cli migrate --check"
    done = run("migrate", "--verify", inner)
    assert (done.code, done.err) == (0, f"$ {inner}\n")
    assert run("migrate").err == ""
