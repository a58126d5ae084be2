"""Backup files that are wrong, and a backup that is killed: nothing changes, old or new."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

from outfall_runtime import Registry, tables
from outfall_runtime._tables import backup
from outfall_runtime.errors import BrokenSource

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"


NAMES = ["test_tables.agents"]


def damaged(document: Dict[str, Any]) -> None:
    document["tables"][0]["entries"][0]["value"] = 2


def foreign(document: Dict[str, Any]) -> None:
    document["format"] = "somebody-elses"


def future(document: Dict[str, Any]) -> None:
    document["version"] = 2


def without_tables(document: Dict[str, Any]) -> None:
    del document["tables"]


def other_type(document: Dict[str, Any]) -> None:
    document["tables"][0]["type"] = "deque"
    sign(document)


def unknown_tag(document: Dict[str, Any]) -> None:
    document["tables"][0]["entries"][-1]["value"] = {"$object": "os.system"}
    sign(document)


def unknown_type(document: Dict[str, Any]) -> None:
    document["tables"][0]["entries"][-1]["value"] = {"$type": "thing", "value": 1}
    sign(document)


def unhashable(document: Dict[str, Any]) -> None:
    document["tables"][0]["entries"][-1]["key"] = [1]
    sign(document)


def misshapen(document: Dict[str, Any]) -> None:
    document["tables"][0]["entries"][-1] = 3
    sign(document)


def sign(document: Dict[str, Any]) -> None:
    document["checksum"] = backup.checksum(document["tables"])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (damaged, "damaged: its checksum"),
        (foreign, 'expected a document with "format": "outfall-tables"'),
        (future, "version is 2; this runtime reads version 1"),
        (without_tables, "damaged"),
        (other_type, "holds a deque; here it is a dict"),
        (unknown_tag, r"unknown tag '\$object'"),
        (unknown_type, "no decoder is registered for 'thing'"),
        (unhashable, "no table of version 1"),
        (misshapen, "no table of version 1"),
    ],
)
def test_a_file_that_is_wrong_is_named_and_changes_nothing(
    spoil: Callable[[Dict[str, Any]], None], reason: str, agents: "Registry[str, Any]", path: str
) -> None:
    tables.backup(path, NAMES)
    document = json.loads(Path(path).read_text())
    spoil(document)
    Path(path).write_text(json.dumps(document))
    agents.clear()
    agents["new"] = 1
    with pytest.raises(BrokenSource, match=reason) as caught:
        tables.restore(path, replace=True)
    assert str(caught.value).startswith(path)
    assert agents == {"new": 1}


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "not valid JSON"), (b"\xff\xfe", "not valid JSON"), (b"[" * 99_999, "not valid"), (None, "No such")]
)
def test_a_file_that_is_no_json_is_named(content: Any, reason: str, path: str) -> None:
    if content is not None:
        Path(path).write_bytes(content)
    with pytest.raises(BrokenSource, match=reason):
        tables.restore(path)


def test_a_table_that_there_is_not_is_named(agents: "Registry[str, Any]", path: str) -> None:
    with pytest.raises(BrokenSource, match="this process has no table 'test_tables.agent'"):
        tables.backup(path, ["test_tables.agent"])
    assert not os.path.exists(path)
    tables.backup(path, NAMES)
    with pytest.raises(BrokenSource, match="holds no table 'other'"):
        tables.restore(path, ["other"])


WRITER = """
import sys
from outfall_runtime import Registry, tables
table = Registry("killed.table", {number: "x" * 50 for number in range(3000)})
tables.backup(sys.argv[1])
print("ready", flush=True)
while True:
    table["round"] = table.get("round", 0) + 1
    tables.backup(sys.argv[1])
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs SIGKILL")
@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.05, 0.07])
def test_killed_during_a_backup_an_old_or_new_file_is_left(delay: float, path: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(RUNTIME)}
    process = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    threading.Event().wait(delay)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    process.stdout.close()
    (stored,) = backup.read(path, None)
    assert len(stored.items) in (3000, 3001)
