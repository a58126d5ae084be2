"""The history of a rollout: nothing forgotten, nothing twice, whoever is killed and whatever is full."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any, List

import pytest

from outfall_runtime import control
from outfall_runtime._rollout import history, stages
from outfall_runtime._common.documents import locked

Rollout = Any  # the fixture of conftest.py


def test_history_survives_a_command_that_was_killed(rollout: Rollout, monkeypatch: pytest.MonkeyPatch) -> None:
    rollout.force()
    with monkeypatch.context() as patch:
        patch.setattr(history, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            rollout.force()
    assert [entry["to"] for entry in control.history(file=rollout.file)[0]] == ["1", "2"]
    rollout.force()
    entries, problems = history.read(history.place(rollout.file))
    assert ([entry["to"] for entry in entries], problems) == (["1", "2", "3"], [])


def killed(path: str, entry: object) -> None:
    raise KeyboardInterrupt


def test_a_line_cut_off_is_named_and_harms_no_other(rollout: Rollout) -> None:
    rollout.force()
    path = Path(history.place(rollout.file))
    path.write_bytes(path.read_bytes() + b'{"version": 1, "acti')
    rollout.force()
    entries, problems = control.history(file=rollout.file)
    assert [entry["to"] for entry in entries] == ["1", "2"]
    assert problems == [f"{path}:2: no entry of version 1; passed over"]


def test_a_long_history_is_not_read_to_add_to_it(rollout: Rollout, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(history.place(rollout.file))
    path.write_text(json.dumps({"version": 1, "id": "old", "to": "0"}) + "\n" + "x" * (1 << 20) + "\n")
    monkeypatch.setattr(history, "read", None)
    rollout.force(2)
    assert [json.loads(line)["to"] for line in path.read_text().splitlines()[2:]] == ["1", "2"]


def test_of_two_operators_at_once_every_change_is_in_the_history_once(rollout: Rollout) -> None:
    def operator(me: int) -> None:
        for number in range(10):
            control.set_flags({f"f{me}": stages.Setting("new" if number % 2 else "legacy")}, actor=str(me), timeout=0, **rollout.place)

    threads = [threading.Thread(target=operator, args=(me,)) for me in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries, problems = control.history(file=rollout.file)
    assert (len(entries), len({entry["id"] for entry in entries}), problems) == (40, 40, [])
    assert [entry["time"] for entry in entries] == sorted(entry["time"] for entry in entries)


def test_a_change_is_in_the_history_before_anybody_else_may_make_one(
    rollout: Rollout, monkeypatch: pytest.MonkeyPatch
) -> None:
    free: List[bool] = []

    def append(path: str, entry: object) -> None:
        with locked(rollout.file, 0.0) as obtained:
            free.append(obtained)

    monkeypatch.setattr(history, "append", append)
    rollout.force()
    assert free == [False]


def test_a_history_that_fits_only_in_part_is_named(rollout: Rollout, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:20]))
    move = rollout.force()
    assert "No space left on device" in move.problems[0]
    monkeypatch.undo()
    rollout.force()
    entries, problems = control.history(file=rollout.file)
    assert ([entry["to"] for entry in entries], len(problems)) == (["1", "2"], 1)


def test_what_was_forced_is_remembered(rollout: Rollout) -> None:
    rollout.force()
    (entry,) = control.history(file=rollout.file)[0]
    assert entry["forced"] == [f"no running process follows {rollout.file}"]


def test_a_history_that_cannot_be_written_keeps_nobody_from_going_back(rollout: Rollout) -> None:
    rollout.force(2)
    os.unlink(history.place(rollout.file))
    os.mkdir(history.place(rollout.file))
    move = control.rollback("1", reason="x", actor="ada", timeout=0, **rollout.place)
    assert set(rollout.flags().values()) == {"legacy"}
    (problem,) = move.problems
    assert "the history could not be written" in problem
