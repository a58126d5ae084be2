"""What production does to a process: flips under load, disks that fail."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from pathlib import Path
from typing import Any, Callable, List, Set

import pytest

from outfall_runtime import StagedContextLocal, StagedRegistry, flags
from outfall_runtime._common.states import book

FLIPS = 1000
pytestmark = pytest.mark.usefixtures("eager_switching")


class Storm:
    """Runs work until the flag has been dialled through all modes a thousand times."""

    def __init__(self, flag: str) -> None:
        self.flag = flag
        self.over = threading.Event()
        self.failures: List[BaseException] = []
        self.rounds = itertools.count()

    def run(self, work: List[Callable[[], None]]) -> None:
        threads = [threading.Thread(target=self._guarded, args=(one,)) for one in work]
        for thread in threads:
            thread.start()
        for number in range(FLIPS):
            flags.set(self.flag, flags.MODES[number % len(flags.MODES)])
        self.over.set()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert self.failures == []
        assert next(self.rounds) > len(work)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            while not self.over.is_set():
                work()
                next(self.rounds)
        except BaseException as error:
            self.failures.append(error)
            raise


def test_no_entry_of_a_table_is_lost_or_resurrected_while_the_flag_is_dialled() -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_faults.table", limit=10_000)
    storm = Storm("use_registry")
    added = itertools.count()

    def work() -> None:
        me = f"t{threading.get_ident()}"
        for number in range(20):
            key = f"{me}-{number}"
            table[key] = number
            assert table[key] == number
            assert table.get_or_create(key, lambda: -1) == number
            table.increment("total")
            next(added)
            if number % 2:
                del table[key]
                assert key not in table
        for number in range(0, 20, 2):
            assert table.pop(f"{me}-{number}") == number

    storm.run([work] * 8)
    assert table == {"total": next(added)}


def test_no_value_is_lost_or_shown_to_another_task_while_the_flag_is_dialled() -> None:
    local: Any = StagedContextLocal("test_faults.local", "user")
    record = book.get("test_faults.local")
    assert record is not None
    storm = Storm("use_context")
    numbers = itertools.count()
    written_the_old_way: Set[int] = set()

    def write() -> "tuple[int, bool]":
        mine = next(numbers)
        written_the_old_way.add(mine)
        local.user = mine
        fresh = local._outfall_store.cells.get()["user"].fresh
        if fresh:
            written_the_old_way.discard(mine)
        return mine, fresh

    async def request() -> None:
        mine, fresh = write()
        for _ in range(3):
            await asyncio.sleep(0)
            seen = local.user
            assert seen == mine or (not fresh and seen in written_the_old_way)

    async def requests() -> None:
        await asyncio.gather(*(request() for _ in range(25)))

    def tasks() -> None:
        asyncio.run(requests())

    def plain() -> None:
        mine, _ = write()
        assert local.user == mine
        del local.user
        assert not hasattr(local, "user")

    storm.run([tasks] * 8 + [plain] * 2)
    assert record.lost.total() == 0


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")])
def test_evidence_that_cannot_be_written_leaves_the_old_file(
    error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from outfall_runtime import metrics

    path = metrics.write_snapshot(tmp_path)
    assert path is not None
    before = Path(path).read_text()

    def fail(descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=error.strerror):
        metrics.write_snapshot(tmp_path)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir()] == [(Path(path).name, before)]
