"""Flags that change, are read from their file and are stopped by several threads at the same instant."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import StagedRegistry, flags
from outfall_runtime._common.leaving import Leaving
from outfall_runtime._common.states import TABLE, StateRecord
from outfall_runtime._flags import emergency, flag_file
from outfall_runtime._flags.board import Board
from outfall_runtime._flags.snapshot import Snapshot
from outfall_runtime._flags.sources import Reading
from outfall_runtime._flags.watch import Watcher

InStep = Callable[..., None]
WAIT = 30.0  # seconds; a test that waits so long has failed


def in_a_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(WAIT)
    assert not thread.is_alive()


def test_an_emergency_stop_is_not_undone_by_a_change_that_was_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stop waits for no lock, so it may come when another thread has made its snapshot and not yet put it in place."""
    board = Board()
    make = board._snapshot
    pinned_then = []

    def slowly() -> Snapshot:
        made = make()
        if not board.stopped:
            in_a_thread(lambda: emergency.stop(board, "too late"))
            pinned_then.append(board.pinned)
        return made

    monkeypatch.setattr(board, "_snapshot", slowly)
    board.set("use_context", "enforced", "ada")
    assert (board.enabled("use_context"), board.mode("use_context"), board.stopped) == (False, "legacy", "too late")
    assert pinned_then and board.pinned is not pinned_then[0]  # whoever pinned what was there for a moment


def test_an_emergency_stop_holds_whoever_sets_flags_meanwhile(in_step: InStep) -> None:
    boards = [Board() for _ in range(200)]

    def work(me: int, number: int) -> None:
        board = boards[number]
        if me == 0:
            emergency.stop(board, "now")
        else:
            for _ in range(3):
                board.set("use_context", "new", "ada")

    in_step(3, 200, work)
    assert [board.enabled("use_context") for board in boards] == [False] * 200


def test_the_newest_flag_file_holds_whoever_read_an_older_one(tmp_path: Path) -> None:
    """Two threads look; the one that was first loads what it read when the other is done."""
    path = str(tmp_path / "flags.json")
    flag_file.put(path, {"flags": {"use_context": "shadow"}}, revision=1, actor="ada")
    loaded: List[int] = []

    def load(reading: Reading) -> None:
        if reading.revision == 1:
            flag_file.put(path, {"flags": {"use_context": "new"}}, revision=2, actor="ada")
            in_a_thread(watcher.look)
        loaded.append(reading.revision)

    watcher = Watcher(load, lambda: None, path)
    assert watcher.look()
    assert (loaded[-1], watcher.revision) == (2, 2)


def test_a_watcher_is_started_once_whoever_declares_first(in_step: InStep, tmp_path: Path) -> None:
    path = str(tmp_path / "flags.json")
    flag_file.put(path, {"flags": {}}, revision=1, actor="ada")
    watchers = [Watcher(lambda reading: None, lambda: None, path) for _ in range(40)]
    begun: List[Any] = []
    for watcher in watchers:
        watcher._run = lambda mine=watcher: begun.append(mine)  # type: ignore[method-assign,misc]
    in_step(3, 40, lambda me, number: watchers[number].start())
    assert len(begun) == len(set(begun)) == 40


def test_a_table_ends_in_the_mode_of_its_flag_whoever_was_last(in_step: InStep) -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_flag_races.table", {"a": 1})
    wrong: List[Any] = []

    def between(number: int) -> None:
        record = table._outfall.record
        assert record is not None
        if record.mode != flags.mode("use_registry:test_flag_races.table"):
            wrong.append((number, record.mode))

    in_step(3, 200, lambda me, number: flags.set("use_registry", flags.MODES[(me + number) % 4]), between)
    assert (wrong, table) == ([], {"a": 1})


def test_every_change_is_told_once(in_step: InStep) -> None:
    told: List[Any] = []
    stop = flags.on_change(told.append)
    in_step(3, 100, lambda me, number: flags.set(("use_spans", "use_events", "monitor")[me], flags.MODES[number % 4]))
    stop()
    assert len(told) == len(set(map(id, told))) == 3 * 99  # the first round sets what is set already
    assert set(map(id, flags.history()[-297:])) == set(map(id, told))


def test_the_hours_of_a_state_are_whole_while_its_mode_changes(in_step: InStep) -> None:
    records: Dict[int, StateRecord] = {}
    seen: List[float] = []

    def before(number: int) -> None:
        records[number] = StateRecord(f"state {number}", TABLE)
        records[number]._since -= 100 * 3_600

    def work(me: int, number: int) -> None:
        if me == 0:
            records[number].enter("shadow")
        else:
            for _ in range(5):
                seen.append(sum(records[number].hours().values()))

    in_step(2, 300, work, before)
    assert [round(hours) for hours in seen] == [100] * 1_500


def test_everything_that_is_to_be_done_at_the_end_is_remembered(in_step: InStep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atexit.register", lambda action: None)
    leaving, done = Leaving(), []  # type: Leaving, List[Any]
    in_step(3, 300, lambda me, number: leaving.add(lambda: done.append((me, number))))
    leaving.leave()
    assert sorted(done) == [(me, number) for me in range(3) for number in range(300)]
