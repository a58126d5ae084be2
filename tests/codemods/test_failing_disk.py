"""A disk that fails at any step: every file is as it was, at once, and the refusal says so."""

from __future__ import annotations

import builtins
import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import pytest
from outfall_codemods import engine, journal
from outfall_codemods.change import ChangeSet, FileChange
from outfall_codemods.errors import Refused

if TYPE_CHECKING:
    from .conftest import Project

TABLE = "X = {}\n\n\ndef put(k, v):\n    X[k] = v\n"
CALLS = ("replace", "fsync", "chmod")


@dataclass
class Disk:
    """Counts the calls that write, and fails the one numbered `at`; a `full` disk takes no data from then on."""

    at: int
    full: bool = False
    calls: list[str] = field(default_factory=list)

    def call(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            self.step(name)
            return real(*args, **kwargs)

        return run

    def step(self, name: str) -> None:
        self.calls.append(name)
        late = self.full and name == "write" and len(self.calls) > self.at
        if len(self.calls) == self.at or late:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open(self, path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:
        file = builtins_open(path, mode, *args, **kwargs)
        return Full(file, self) if "w" in mode else file  # type: ignore[return-value]


builtins_open = builtins.open


class Full:
    """A file of the failing disk: half of what is written gets there."""

    def __init__(self, file: IO[bytes], disk: Disk) -> None:
        self.file, self.disk = file, disk

    def __enter__(self) -> Full:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, data: bytes) -> None:
        try:
            self.disk.step("write")
        except OSError:
            self.file.write(data[: len(data) // 2])
            raise
        self.file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, bool], Disk]]:
    def start(at: int, full: bool) -> Disk:
        disk = Disk(at, full)
        for name in CALLS:
            monkeypatch.setattr(os, name, disk.call(name, getattr(os, name)))
        monkeypatch.setattr(builtins, "open", disk.open)
        return disk

    yield start
    monkeypatch.undo()


def changes(project: Project) -> ChangeSet:
    """Two files that change and one that is new."""
    found = [FileChange(name, TABLE.encode(), b"# new\n" + TABLE.encode()) for name in ("app.py", "pkg/web.py")]
    return ChangeSet((*found, FileChange("new.toml", None, b"version = 1\n")))


def stock(project: Project) -> dict[str, bytes]:
    project.write("app.py", TABLE).chmod(0o750)
    project.write("pkg/web.py", TABLE)
    return project.bytes()


STEPS = range(1, 38)  # no run makes more calls; a test below holds that


@pytest.mark.parametrize("full", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("at", STEPS)
def test_a_failing_step_of_apply_leaves_the_tree_as_it_was(
    at: int, full: bool, project: Project, failing: Callable[[int, bool], Disk], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stock(project)
    disk = failing(at, full)
    try:
        engine.apply(changes(project), project.root, "migrate")
    except Refused as refused:
        assert "every file is as it was" in str(refused) and "No space left" in str(refused)
        monkeypatch.undo()
        assert project.bytes() == before
        assert (project.root / "app.py").stat().st_mode & 0o777 == 0o750
    else:
        monkeypatch.undo()
        assert len(disk.calls) < at or journal.entries(project.root)[-1].status == journal.DONE
        assert journal.undo(project.root).status == journal.UNDONE
        assert project.bytes() == before
    assert engine.recover(project.root) == () or project.bytes() == before


@pytest.mark.parametrize("full", [False, True], ids=["once", "for good"])
@pytest.mark.parametrize("at", STEPS)
def test_a_failing_step_of_undo_is_made_up_for(
    at: int, full: bool, project: Project, failing: Callable[[int, bool], Disk], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stock(project)
    engine.apply(changes(project), project.root, "migrate")
    after = project.bytes()
    failing(at, full)
    try:
        journal.undo(project.root)
    except Refused as refused:
        monkeypatch.undo()
        if "nothing was undone" in str(refused):
            assert project.bytes() == after
        if not engine.recover(project.root):
            journal.undo(project.root)
    monkeypatch.undo()
    assert project.bytes() == before


def test_the_steps_tried_are_all_there_are(project: Project, failing: Callable[[int, bool], Disk]) -> None:
    stock(project)
    disk = failing(0, False)
    engine.apply(changes(project), project.root, "migrate")
    assert {"write", *CALLS} == set(disk.calls)
    assert len(disk.calls) <= len(STEPS)


def test_a_full_disk_ends_a_run_with_code_4_and_the_tree_as_it_was(project: Project) -> None:
    project.write("pyproject.toml", "[project]\nname = 'app'\n")
    for number in range(3):
        project.write(f"app{number}.py", TABLE + "# padding\n" * 1000)
    before = project.bytes()
    done = subprocess.run(
        [sys.executable, "-m", "outfall_cli", "migrate"],
        cwd=project.root,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert (done.returncode, "every file is as it was" in done.stderr) == (4, True), done.stderr
    assert project.bytes() == before
