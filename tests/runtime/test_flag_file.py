"""The flag file: whatever happens to it, the last good flags stay."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime._flags.sources import LARGEST_FILE, Reading, read_file
from outfall_runtime._flags.watch import Watcher
from outfall_runtime.errors import BrokenSource


def document(**values: str) -> str:
    return json.dumps({"version": 1, "flags": values})


class Followed:
    """A watcher without its thread, and what it loaded."""

    def __init__(self, path: Path) -> None:
        self.readings: List[Reading] = []
        self.watcher = Watcher(self.readings.append, lambda: None, str(path))

    @property
    def values(self) -> Dict[str, str]:
        return {name: str(setting) for name, setting in self.readings[-1].settings.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "flags.json"
    path.write_text(document(use_context="shadow"))
    return path


@pytest.fixture
def followed(file: Path) -> Followed:
    followed = Followed(file)
    assert followed.watcher.look()
    return followed


def truncate(path: Path) -> None:
    path.write_text(document(use_context="new")[:20])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def binary(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00\x01")


def wrong_version(path: Path) -> None:
    path.write_text('{"version": 2, "flags": {}}')


def no_object(path: Path) -> None:
    path.write_text("[1]")


def no_flags(path: Path) -> None:
    path.write_text('{"version": 1}')


def bad_value(path: Path) -> None:
    path.write_text(document(use_context="shadwo"))


def huge(path: Path) -> None:
    path.write_bytes(b" " * (LARGEST_FILE + 1))


def nested(path: Path) -> None:
    path.write_text("[" * 200_000)


def deleted(path: Path) -> None:
    path.unlink()


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def writable_by_all(path: Path) -> None:
    path.chmod(0o666)


BREAKERS = [truncate, empty, binary, wrong_version, no_object, no_flags, bad_value, huge, nested, deleted, directory]
if os.name == "posix":
    BREAKERS.append(writable_by_all)


@pytest.mark.parametrize("break_it", BREAKERS)
def test_a_broken_file_is_named_and_the_last_good_flags_stay(
    break_it: Callable[[Path], None], followed: Followed, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    break_it(file)
    assert not followed.watcher.look()
    assert followed.values == {"use_context": "shadow"}
    assert followed.watcher.problem.startswith(str(file))
    assert caplog.text.count("keeping the last good flags") == 1


def test_a_file_that_was_never_there_leaves_no_last_good_flags(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    followed = Followed(tmp_path / "absent.json")
    assert not followed.watcher.look()
    assert caplog.text.count("until it can be read, flags have their other values") == 1


def test_a_broken_file_is_complained_of_once_and_taken_up_when_mended(
    followed: Followed, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for text in ("{", "{ "):
        file.write_text(text)
        followed.watcher.look()
    file.unlink()
    file.write_text(document(use_context="new"))
    assert followed.watcher.look()
    assert (followed.values, followed.watcher.problem) == ({"use_context": "new"}, "")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENOMEM])
@pytest.mark.parametrize("call", ["builtins.open", "os.fstat"])
def test_a_file_that_cannot_be_read_for_a_while_is_named_and_read_as_soon_as_it_can(
    number: int, call: str, followed: Followed, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise OSError(number, os.strerror(number))

    file.write_text(document(use_context="new"))
    with monkeypatch.context() as patch:
        patch.setattr(call, fail)
        looks = [followed.watcher.look() for _ in range(2)]
    assert (looks, followed.values) == ([False, False], {"use_context": "shadow"})
    assert followed.watcher.problem == f"{file}: {os.strerror(number)}"
    assert followed.watcher.look()
    assert (followed.values, followed.watcher.problem) == ({"use_context": "new"}, "")


UNREADABLE = """
import json, logging, os, traceback  # while they can be read
from outfall_runtime import flags
os.chmod(os.environ["OUTFALL_FLAG_FILE"], 0)
if os.geteuid() == 0:  # who can read everything
    os.setuid(65534)
print(flags.refresh(), flags.mode("use_context"), flags.problems())
"""


@pytest.mark.skipif("os.name != 'posix'", reason="needs POSIX permissions")
def test_a_file_that_this_user_may_not_read_is_named(file: Path, python: Callable[..., Any]) -> None:
    done = python(UNREADABLE, environment={"OUTFALL_FLAG_FILE": str(file)})
    problem = f"{file}: Permission denied"
    assert (done.stdout, done.stderr) == (
        f"False shadow ({problem!r},)\n",
        f"{problem}; keeping the last good flags\n",
    )


def test_a_file_replaced_as_a_whole_is_seen(followed: Followed, file: Path) -> None:
    other = file.with_suffix(".new")
    other.write_text(document(use_context="enforced"))
    os.replace(other, file)
    assert followed.watcher.look()
    assert followed.values == {"use_context": "enforced"}


def test_an_unchanged_file_is_not_read_again(followed: Followed) -> None:
    assert [followed.watcher.look() for _ in range(3)] == [False, False, False]
    assert len(followed.readings) == 1


def test_a_value_that_is_not_understood_refuses_the_whole_file(file: Path) -> None:
    file.write_text(document(use_registry="new", use_context="nwe"))
    with pytest.raises(BrokenSource, match=r"use_context: 'nwe' is no mode \(did you mean 'new'\?\)"):
        read_file(str(file))


def test_the_thread_follows_the_file_and_ends_when_told(file: Path) -> None:
    arrived = threading.Event()
    seen: List[Reading] = []

    def load(reading: Reading) -> None:
        seen.append(reading)
        if str(reading.settings["use_context"]) == "new":
            arrived.set()

    watcher = Watcher(load, lambda: None, str(file))
    watcher.start()
    try:
        other = file.with_suffix(".new")
        other.write_text(document(use_context="new"))
        os.replace(other, file)
        assert arrived.wait(10)
    finally:
        watcher.stop()
    assert "outfall-flags" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({}, "enable-threads = true and lazy-apps = true"),
        ({"enable-threads": True}, "lazy-apps = true"),
        ({b"lazy-apps": True}, "enable-threads = true"),
        ({"enable-threads": True, "py-call-osafterfork": True}, ""),
        ({b"threads": b"4", "lazy": True}, ""),
        (None, ""),
    ],
)
def test_under_uwsgi_it_is_said_what_keeps_workers_from_following(
    options: Any, missing: str, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if options is not None:
        monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(opt=options))  # type: ignore[arg-type]
    watcher = Watcher(lambda reading: None, lambda: None, str(file))
    watcher.start()
    watcher.stop()
    assert [record.getMessage() for record in caplog.records] == (
        [f"uWSGI's workers follow nothing and report nothing without {missing}"] if missing else []
    )


def test_a_service_without_a_flag_file_starts_no_thread() -> None:
    watcher = Watcher(lambda reading: None, lambda: None, None)
    watcher.path = None
    watcher.start()
    assert watcher._thread is None
