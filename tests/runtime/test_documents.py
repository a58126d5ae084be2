"""Files that others read and write at the same time: whoever looks sees a whole one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from outfall_runtime import control
from outfall_runtime._flags import flag_file
from outfall_runtime._rollout import history
from outfall_runtime._common.documents import locked, overwrite_document, read_document, write_document
from outfall_runtime._common.modes import Setting
from outfall_runtime.errors import BrokenSource

RUNTIME = Path(__file__).resolve().parents[2] / "runtime"


def document(number: int) -> "dict[str, Any]":
    return {"format": "x", "version": 1, "number": number, "body": "y" * 5000 * (number % 7)}


def test_whoever_looks_sees_an_old_or_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_document(path, document(0))
    done = threading.Event()

    def write() -> None:
        for number in range(300):
            write_document(path, document(number), durable=False)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not done.is_set():
        seen.append(read_document(path, "x", 1)["number"])
    writer.join()
    assert seen == sorted(seen)
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


KILLED = """
import os, signal, sys
sys.path.insert(0, {runtime!r})
from outfall_runtime._common.documents import write_document
write_document("x.json", {{"format": "x", "version": 1, "number": 1}})
def kill(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
os.{call} = kill
write_document("x.json", {{"format": "x", "version": 1, "number": 2}})
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs SIGKILL")
@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_killed_at_any_step_the_old_file_is_left(call: str, tmp_path: Path) -> None:
    program = KILLED.format(runtime=str(RUNTIME), call=call)
    assert subprocess.run([sys.executable, "-c", program], cwd=tmp_path, timeout=60).returncode == -9
    assert read_document(tmp_path / "x.json", "x", 1)["number"] == 1


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_document(path, document(1))
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_document(path, {"number": float("nan")})
    with pytest.raises(TypeError):
        write_document(path, {"number": object()})
    assert (read_document(path, "x", 1)["number"], os.listdir(tmp_path)) == (1, ["x.json"])


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_what_a_disk_refuses_is_named(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError) as caught:
        write_document(tmp_path / "x.json", document(1))
    assert (caught.value.filename, os.listdir(tmp_path)) == (str(tmp_path / "x.json"), [])


def test_a_file_written_over_is_whole_and_no_longer_than_before(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_document(path, document(6))
    before = os.stat(path).st_ino
    overwrite_document(path, {"format": "x", "version": 1, "number": 7})
    assert (json.loads(path.read_text())["number"], os.stat(path).st_ino) == (7, before)
    with pytest.raises(FileNotFoundError):
        overwrite_document(tmp_path / "absent.json", {})


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    write_document(tmp_path / "x.json", document(1), mode=0o600)
    os.chmod(tmp_path / "x.json", 0o640)
    write_document(tmp_path / "x.json", document(2), mode=0o600)
    assert os.stat(tmp_path / "x.json").st_mode & 0o777 == 0o640


AS_ROOT = pytest.mark.skipif("os.name != 'posix' or os.geteuid() != 0", reason="only root can give files away")
SOMEBODY = 12345


@pytest.fixture
def hardened(tmp_path: Path) -> Iterator[Path]:
    """A folder of another user, seen by a root whose files nobody else may read."""
    os.chown(tmp_path, SOMEBODY, SOMEBODY)
    before = os.umask(0o077)
    yield tmp_path
    os.umask(before)


def seen(path: Path) -> "tuple[int, int]":
    found = os.stat(path)
    return found.st_uid, found.st_mode & 0o777


@AS_ROOT
def test_what_root_makes_for_a_service_belongs_to_the_service(hardened: Path) -> None:
    path = str(hardened / "flags.json")
    control.set_flags({"use_context": Setting("new")}, actor="root", timeout=0, file=path, folder=None)
    made = {one.name: seen(one) for one in hardened.iterdir()}
    assert made == dict.fromkeys(["flags.json", "flags.json.lock", "flags.history.jsonl"], (SOMEBODY, 0o644))


@AS_ROOT
def test_what_root_replaces_keeps_its_owner(hardened: Path) -> None:
    write_document(hardened / "x.json", document(1), mode=0o600)
    os.chown(hardened / "x.json", SOMEBODY + 1, SOMEBODY)
    write_document(hardened / "x.json", document(2), mode=0o644)
    assert seen(hardened / "x.json") == (SOMEBODY + 1, 0o600)


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_no_link_is_followed_to_make_a_file(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "flags.json", tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    for name in ("flags.json.lock", "flags.history.jsonl", f"flags.json.{os.getpid()}-{threading.get_ident()}.tmp"):
        os.symlink(elsewhere, tmp_path / name)
    with pytest.raises(OSError, match="symbolic link"), locked(path, 0.0):
        pass
    write_document(path, document(1))
    with pytest.raises(OSError, match="symbolic link"):
        history.append(history.place(str(path)), {"id": "1"})
    assert (elsewhere.read_text(), read_document(path, "x", 1)["number"]) == ("precious", 1)


def test_a_link_to_a_flag_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "flags.json").write_text('{"version": 1, "flags": {}}')
    os.symlink(tmp_path / "real" / "flags.json", tmp_path / "flags.json")
    place = flag_file.place(str(tmp_path / "flags.json"))
    flag_file.put(place, {"flags": {"use_x": Setting("new")}}, revision=1, actor="ada")
    assert os.path.islink(tmp_path / "flags.json")
    assert json.loads((tmp_path / "real" / "flags.json").read_text())["flags"] == {"use_x": "new"}


def test_no_change_of_two_at_once_is_lost(tmp_path: Path) -> None:
    path = str(tmp_path / "flags.json")

    def one_more(number: int) -> Callable[[flag_file.FlagFile], "dict[str, Any]"]:
        return lambda found: {**found.document, "flags": {**found.settings, f"flag{number}": Setting("new")}}

    def change(worker: int) -> None:
        for number in range(10):
            flag_file.change(path, one_more(worker * 10 + number), actor="ada")

    threads: List[threading.Thread] = [threading.Thread(target=change, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = flag_file.read(path)
    assert (len(found.settings), found.reading.revision) == (40, 40)


def test_a_change_that_takes_too_long_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flag_file, "LOCK_SECONDS", 0.05)
    path = str(tmp_path / "flags.json")
    with locked(path, 1.0), pytest.raises(BrokenSource, match="somebody else has been changing it for 0.05 seconds"):
        flag_file.change(path, lambda found: {"flags": {}}, actor="ada")
