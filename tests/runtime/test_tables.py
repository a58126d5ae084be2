"""Backups: nothing changes at a bad file, nothing is lost in silence, nothing but data is written."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest

from outfall_runtime import CounterRegistry, DefaultRegistry, DequeRegistry, ListRegistry, OrderedRegistry, Owner, Registry, SetRegistry, StagedRegistry, flags, tables
from outfall_runtime._tables import backup
from outfall_runtime._tables.encoding import CannotDecode, decoded
from outfall_runtime.errors import BrokenSource

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"


NAMES = ["test_tables.agents"]


class Thing:
    def __init__(self, number: int) -> None:
        self.number = number


# -- what comes back


MADE: List[Tuple[Callable[[], Any], Any]] = [
    (lambda: Registry("test_tables.x", {"a": 1, ("t", 2): {3}}), {"a": 1, ("t", 2): {3}}),
    (lambda: StagedRegistry("test_tables.x", {"a": 1}), {"a": 1}),
    (lambda: ListRegistry("test_tables.x", [1, 2, 2]), [1, 2, 2]),
    (lambda: SetRegistry("test_tables.x", {1, "b"}), {1, "b"}),
    (lambda: DequeRegistry("test_tables.x", [1, 2], maxlen=3), deque([1, 2])),
    (lambda: DefaultRegistry("test_tables.x", int, {"a": 1}), defaultdict(int, {"a": 1})),
    (lambda: OrderedRegistry("test_tables.x", [("b", 1), ("a", 2)]), OrderedDict([("b", 1), ("a", 2)])),
    (lambda: CounterRegistry("test_tables.x", "aab"), Counter("aab")),
]


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(("make", "expected"), MADE)
def test_every_kind_of_table_comes_back(make: Callable[[], Any], expected: Any, replace: bool, path: str) -> None:
    table = make()
    assert tables.backup(path, ["test_tables.x"]).omitted == ()
    table.clear()
    restored = tables.restore(path, replace=replace)
    assert (table, list(table)) == (expected, list(expected))
    assert restored.entries == {"test_tables.x": len(expected)}
    assert type(table).__mro__[:1] == (type(make()),)


@pytest.mark.parametrize("mode", ["legacy", "shadow", "new", "enforced"])
def test_a_restore_is_no_write_of_the_service(mode: str, path: str) -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_tables.staged", {"a": 1, "b": 2})
    tables.backup(path, ["test_tables.staged"])
    flags.set("use_registry", mode)
    dict.pop(table, "a")
    tables.restore(path)
    record = table._outfall.record
    assert record is not None
    assert (dict(table), sum(tally.total() for tally in record.writes.values())) == ({"b": 2, "a": 1}, 0)


def test_what_is_there_is_not_overwritten(agents: "Registry[str, Any]", path: str) -> None:
    tables.backup(path, NAMES)
    agents.update(a="newer", c=3)
    agents.pop("b")
    assert tables.restore(path).entries == {"test_tables.agents": 1}
    assert agents == {"a": "newer", "b": [1, {"c": None}], "c": 3}
    tables.restore(path, replace=True)
    assert agents == {"a": 1, "b": [1, {"c": None}]}


def test_what_cannot_be_written_is_named_and_the_rest_is_there(agents: "Registry[str, Any]", path: str) -> None:
    agents["thing"] = Thing(1)
    report = tables.backup(path, NAMES)
    assert report.entries == {"test_tables.agents": 2}
    assert report.omitted == (("test_tables.agents", "'thing'", f"{__name__}.Thing"),)


def test_a_type_with_an_encoder_comes_back(agents: "Registry[str, Any]", path: str) -> None:
    tables.encoder(Thing, "thing", encode=vars, decode=lambda found: Thing(**found))
    agents["thing"] = Thing(7)
    assert tables.backup(path, NAMES).omitted == ()
    agents.clear()
    tables.restore(path)
    assert (type(agents["thing"]), agents["thing"].number) == (Thing, 7)


def test_an_encoder_or_decoder_that_fails_is_named(agents: "Registry[str, Any]", path: str) -> None:
    tables.encoder(Thing, "thing", encode=lambda thing: 1 // 0, decode=lambda found: 1 // 0)
    agents["thing"] = Thing(7)
    assert "its encoder failed: ZeroDivisionError" in tables.backup(path, NAMES).omitted[0][2]
    with pytest.raises(CannotDecode, match="the decoder of 'thing' failed: ZeroDivisionError"):
        decoded({"$type": "thing", "value": 1})


def test_an_entry_of_a_living_owner_comes_back_detached(agents: "Registry[str, Any]", path: str) -> None:
    thing, explicit = Thing(1), Owner()
    agents.register("owned", 1, owner=thing, metadata={"rank": 3})
    agents.register("explicit", 2, owner=explicit)
    tables.backup(path, NAMES)
    agents.clear()
    tables.restore(path)
    assert dict(agents.metadata("owned")) == {"rank": 3, "detached": "Thing"}
    assert agents.metadata("explicit")["detached"]
    del thing
    explicit.end()
    assert (agents["owned"], agents["explicit"]) == (1, 2)


def test_time_to_live_goes_on_and_what_is_over_stays_away(path: str) -> None:
    table: Registry[str, int] = Registry("test_tables.expiring", ttl=100.0)
    table.register("short", 1, ttl=30.0)
    table.register("long", 2)
    tables.backup(path, ["test_tables.expiring"])
    document = json.loads(Path(path).read_text())
    document["created"] -= 50.0
    Path(path).write_text(json.dumps(document))
    table.clear()
    assert tables.restore(path).expired == 1
    (entry,) = table._outfall.entries.values()
    assert (dict(table), 40 < entry.expires - time.monotonic() <= 50) == ({"long": 2}, True)


def test_a_clock_stepping_back_expires_nothing_early(path: str) -> None:
    table: Registry[str, int] = Registry("test_tables.expiring", ttl=100.0)
    table.register("long", 2)
    tables.backup(path, ["test_tables.expiring"])
    document = json.loads(Path(path).read_text())
    document["created"] += 1e6
    Path(path).write_text(json.dumps(document))
    table.clear()
    tables.restore(path)
    assert table == {"long": 2}


def test_a_table_of_the_file_that_is_not_here_is_named(agents: "Registry[str, Any]", path: str) -> None:
    tables.backup(path, NAMES)
    document = json.loads(Path(path).read_text())
    document["tables"].append({"name": "elsewhere.x", "type": "dict", "entries": [], "omitted": []})
    document["checksum"] = backup.checksum(document["tables"])
    Path(path).write_text(json.dumps(document))
    assert tables.restore(path).absent == ("elsewhere.x",)


@pytest.mark.skipif("os.name != 'posix'", reason="POSIX permissions")
def test_a_backup_is_private(agents: "Registry[str, Any]", path: str) -> None:
    tables.backup(path, NAMES)
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_backups_while_others_write_hold_whole_entries(path: str) -> None:
    table: Registry[int, int] = Registry("test_tables.busy")
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            table[number % 500] = number % 500
            table.pop((number * 7) % 500, None)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            tables.backup(path, ["test_tables.busy"])
            (stored,) = backup.read(path, None)
            assert [item for item in stored.items if item.key != item.value] == []
    finally:
        done.set()
        for thread in threads:
            thread.join(20)


# -- rebuilding, cleaning up, being there


def test_a_rebuild_that_fails_changes_nothing(agents: "Registry[str, Any]") -> None:
    with pytest.raises(ZeroDivisionError):
        tables.rebuild("test_tables.agents", lambda: 1 // 0)
    with pytest.raises(BrokenSource, match="nothing says what test_tables.agents is rebuilt from"):
        tables.rebuild("test_tables.agents")
    assert set(agents) == {"a", "b"}


def test_a_table_is_rebuilt_from_its_source(agents: "Registry[str, Any]") -> None:
    tables.rebuilder("test_tables.agents", lambda: {"b": 2, "c": 3})
    assert (tables.rebuild("test_tables.agents"), agents) == (2, {"b": 2, "c": 3})


def test_cleanup_removes_what_is_over(agents: "Registry[str, Any]", clock: Callable[[float], None]) -> None:
    agents.register("short", 1, ttl=5.0)
    clock(6.0)
    kept: ListRegistry[int] = ListRegistry("test_tables.list", [1])
    gone = tables.cleanup(NAMES)
    assert (gone, set(agents), kept) == ({"test_tables.agents": 1}, {"a", "b"}, [1])


def test_ensure_imports_what_declares_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ensured.py").write_text("from outfall_runtime import Registry\nclass C:\n    t = Registry('ensured.C.t')\n")
    (tmp_path / "ensured_bad.py").write_text("import nowhere_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert tables.ensure("ensured.C.t", "ensured.u", "ensured_bad.t", "no_such_module.t") == {
        "ensured.u": "its module was imported, and declares no such table",
        "ensured_bad.t": "importing ensured_bad failed: No module named 'nowhere_at_all'",
        "no_such_module.t": "there is no module 'no_such_module'",
    }


def test_sizes_grow_with_what_is_in_a_table() -> None:
    small: Registry[int, Any] = Registry("test_tables.small", {1: "x"})
    large: Registry[int, Any] = Registry("test_tables.large", {number: "x" * 1000 for number in range(1000)})
    found = {size.name: size for size in tables.sizes()}
    assert (found["test_tables.small"].entries, found["test_tables.large"].entries) == (len(small), len(large))
    assert 1_000_000 < found["test_tables.large"].bytes < 1_400_000
    assert found["test_tables.small"].bytes < 1000


def test_an_ordered_table_comes_back_in_its_own_order(path: str) -> None:
    table: OrderedRegistry[str, int] = OrderedRegistry("test_tables.ordered", {"a": 1, "b": 2, "c": 3})
    table.move_to_end("a")
    tables.backup(path, ["test_tables.ordered"])
    table.clear()
    tables.restore(path, ["test_tables.ordered"])
    assert list(table.items()) == [("b", 2), ("c", 3), ("a", 1)]
