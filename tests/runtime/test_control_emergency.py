"""The emergency rollback: everything at `legacy`, whatever else is broken, until it is lifted."""

from __future__ import annotations

import errno
import json
import os
import threading
from copy import copy
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from outfall_runtime import StagedContextLocal, StagedRegistry, control, flags
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout import history
from outfall_runtime._flags.board import Board
from outfall_runtime._flags.sources import Reading

Python = Callable[..., Any]


@pytest.fixture
def board() -> Iterator[Board]:
    """The process's own board, with everything in it put back afterwards, destroyed or not."""
    kept = {name: copy(value) if isinstance(value, (list, dict)) else value for name, value in vars(flags.board).items()}
    del kept["pinned"]  # the pins that were left behind stay so
    yield flags.board
    for name, value in kept.items():
        object.__setattr__(flags.board, name, value)
    flags.board.republish("test")


@pytest.fixture
def table() -> "StagedRegistry[str, int]":
    made: StagedRegistry[str, int] = StagedRegistry("test_emergency.table")
    flags.set("use_registry", "new")
    made["kept"] = 1
    return made


def no_layers(board: Board) -> None:
    board._layers = None  # type: ignore[assignment]


def no_declarations(board: Board) -> None:
    board._declared = None  # type: ignore[assignment]


def no_snapshot(board: Board) -> None:
    board.current = None  # type: ignore[assignment]


def no_followers(board: Board) -> None:
    board._followers = None  # type: ignore[assignment]


def no_history(board: Board) -> None:
    board.history = None  # type: ignore[assignment]


def held_lock(board: Board) -> None:
    board._lock = threading.Lock()  # type: ignore[assignment]
    board._lock.acquire()


def failing_follower(board: Board) -> None:
    board._followers.insert(0, lambda: 1 // 0)  # type: ignore[arg-type,return-value]


def everything(board: Board) -> None:
    for destroy in (no_layers, no_declarations, no_snapshot, no_followers, no_history, held_lock):
        destroy(board)


DESTROYERS = [no_layers, no_declarations, no_snapshot, no_followers, no_history, held_lock, failing_follower, everything]


@pytest.mark.parametrize("destroy", DESTROYERS)
def test_it_works_with_the_flag_table_destroyed(
    destroy: Callable[[Board], None], board: Board, table: "StagedRegistry[str, int]", tmp_path: Path
) -> None:
    local: Any = StagedContextLocal("test_emergency.local", "user")
    record = table._outfall.record
    assert record is not None and record.mode == "new"
    destroy(board)
    move = control.emergency_rollback("errors", "ada", file=str(tmp_path / "f.json"))
    assert (flags.enabled("use_registry"), flags.mode("use_registry"), record.mode) == (False, "legacy", "legacy")
    assert flags.enabled("use_nothing_declares") is False
    assert table == {"kept": 1}
    local.user = "ada"
    assert local.user == "ada"
    assert json.loads((tmp_path / "f.json").read_text())["emergency"]["reason"] == "errors"
    assert move.after == "0"


def test_it_reaches_code_that_is_pinned(board: Board, tmp_path: Path) -> None:
    flags.set("use_context", "new")
    with flags.pinned():
        assert flags.enabled("use_context")
        control.emergency_rollback("errors", "ada", file=str(tmp_path / "f.json"))
        assert not flags.enabled("use_context")
    assert not flags.enabled("use_context")


def test_nothing_that_is_set_later_counts(board: Board, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    control.emergency_rollback("errors", "ada", file=str(tmp_path / "f.json"))
    flags.set("use_context", "new")
    with flags.override("use_registry", "enforced"):
        assert (flags.mode("use_context"), flags.mode("use_registry")) == ("legacy", "legacy")
    assert "all flags are stopped: errors" in caplog.text


def unwritable(path: Path) -> str:
    path.mkdir()
    return "could not be written"


def unreadable(path: Path) -> str:
    path.write_bytes(b"\xff\xfe")
    return "was broken and is written anew"


def future(path: Path) -> str:
    path.write_text('{"version": 99, "flags": {}}')
    return "was broken and is written anew"


def history_gone(path: Path) -> str:
    os.mkdir(history.place(str(path)))
    return "the history could not be written"


@pytest.mark.parametrize("break_it", [unwritable, unreadable, future, history_gone])
def test_a_broken_flag_file_is_named_and_this_process_is_stopped(
    break_it: Callable[[Path], str], board: Board, tmp_path: Path
) -> None:
    flags.set("use_context", "new")
    said = break_it(tmp_path / "f.json")
    move = control.emergency_rollback("errors", "ada", file=str(tmp_path / "f.json"))
    assert not flags.enabled("use_context")
    assert any(said in problem for problem in move.problems), move.problems
    assert bool(move.revision) == (break_it is not unwritable)


def full_disk(*arguments: object, **options: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def foreign_folder(path: str, flags: int, *mode: int) -> int:
    """`os.open` where nobody may make a file."""
    if flags & os.O_CREAT:
        raise PermissionError(errno.EACCES, "Permission denied", path)
    return OPEN(path, flags, *mode)


OPEN = os.open


@pytest.mark.parametrize(
    ("call", "fail"),
    [("os.replace", full_disk), ("os.open", foreign_folder), ("outfall_runtime._common.documents.write_text", full_disk)],
)
def test_where_no_file_can_be_put_in_its_place_it_is_written_over(
    call: str, fail: Any, board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.json"
    long = {f"use_context:app.state{number}": "new" for number in range(50)}
    path.write_text(json.dumps({"version": 1, "revision": 7, "flags": long, "kept": True}, indent=4))
    before = os.stat(path).st_ino
    with monkeypatch.context() as patch:
        patch.setattr(call, fail)
        move = control.emergency_rollback("errors", "ada", file=str(path))
    found = flag_file.read(str(path))
    assert (found.reading.emergency, found.reading.revision, found.document["kept"]) == ("errors", 8, True)
    assert (move.revision, os.stat(path).st_ino) == (8, before)
    assert any("was written over where it stands" in problem for problem in move.problems)
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".tmp"] == []


def test_without_a_flag_file_only_this_process_is_stopped(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUTFALL_FLAG_FILE", raising=False)
    flags.set("use_context", "new")
    move = control.emergency_rollback("errors", "ada")
    assert not flags.enabled("use_context")
    assert move.problems == ("other processes were not reached: no flag file: give --file or set OUTFALL_FLAG_FILE",)


def test_a_lock_that_somebody_holds_does_not_keep_it_waiting(board: Board, tmp_path: Path) -> None:
    path = str(tmp_path / "f.json")
    with flag_file.locked(path, 1.0):
        move = control.emergency_rollback("errors", "ada", file=path)
    assert f"{path}: somebody else is changing it; written all the same" in move.problems
    assert flag_file.read(path).reading.emergency == "errors"


# -- until it is lifted


def test_a_repaired_file_with_old_settings_does_not_lift_it(board: Board) -> None:
    flags._take_over(Reading({}, resumed="first"))
    control.emergency_rollback("errors", "ada")
    flags._take_over(Reading({"use_context": flags.board._checked("use_context", "new")}, resumed="first"))
    assert not flags.enabled("use_context")
    flags._take_over(Reading({"use_context": flags.board._checked("use_context", "new")}, resumed="second"))
    assert flags.enabled("use_context")


def test_a_process_that_never_read_the_file_does_not_take_its_first_reading_as_leave(board: Board) -> None:
    board.resumed = None
    control.emergency_rollback("errors", "ada")
    flags._take_over(Reading({"use_context": flags.board._checked("use_context", "new")}, resumed="old"))
    assert not flags.enabled("use_context")


def test_resuming_switches_nothing_on(board: Board, tmp_path: Path) -> None:
    path = str(tmp_path / "f.json")
    flag_file.put(path, {"flags": {"use_context": "new"}}, revision=3, actor="ada")
    control.emergency_rollback("errors", "ada", file=path)
    control.resume(reason="mended", actor="ada", file=path, timeout=0)
    found = flag_file.read(path)
    assert {str(setting) for setting in found.settings.values()} == {"legacy"}
    assert (found.reading.emergency, bool(found.reading.resumed), found.reading.revision) == ("", True, 5)


SERVICE = """
import os, threading
from outfall_runtime import StagedRegistry, flags, control
table = StagedRegistry("service.table")
table["a"] = 1
assert flags.enabled("use_registry")
fd = os.fork()
if fd == 0:
    control.emergency_rollback("errors", "ada")
    os._exit(0 if not flags.enabled("use_registry") else 3)
assert os.waitpid(fd, 0)[1] == 0
import time
end = time.monotonic() + 20
while flags.enabled("use_registry") and time.monotonic() < end:
    time.sleep(0.01)
print(flags.mode("use_registry"), table)
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_one_process_stops_all_others(python: Python, tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text('{"version": 1, "flags": {"use_registry": "new"}}')
    environment = {"OUTFALL_FLAG_FILE": "f.json", "OUTFALL_METRICS_DIR": "metrics"}
    done = python("-W", "ignore::DeprecationWarning", "-c", SERVICE, environment=environment)
    assert done.stdout == "legacy {'a': 1}\n", done.stderr
