"""Each process that follows a flag file says so in a small file, and which revision it has.

A command that changes the flag file waits until every such process names the new revision, and can
name the one that does not.

Hazard: a process may be killed and its number given to another, the folder may vanish, and a
forked child is a process of its own. So a process is told apart by machine, number and birth;
the file is renewed now and then and written again where it is gone; a child writes its own. It is
taken away at a clean exit, so one that is left behind tells of a crash.
"""

from __future__ import annotations

import os
import time

from .._common import report
from .._common.documents import overwrite_document, write_document
from .._common.leaving import leaving
from .._common.states import FOLDER_VARIABLE
from .._common.uwsgi import complaint
from .requests import Desk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple

    from .._flags.watch import Watcher

FORMAT, VERSION = "outfall-process", 1
SUFFIX = ".process"
BEAT = 5.0  # seconds after which a file without news is renewed


def machine() -> str:
    """Where a process number means something: the host, and the namespace of process numbers on it."""
    from socket import gethostname

    try:
        space = f":{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:  # not Linux
        space = ""
    return f"{gethostname()}{space}"


def birth(pid: int) -> str:
    """When a process of this machine began, in the system's own count; empty where it does not say."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()[19].decode("ascii")  # field 22, starttime
    except (OSError, IndexError):
        return ""


def plain(name: str) -> str:
    """A name in letters that every file system takes."""
    return "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in name)


class Presence:
    """The file of this process; used by the thread that follows the flag file."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._said: Optional[Tuple[object, ...]] = None
        self._next = 0.0
        self._problem = ""
        self._pid = 0
        self._path = ""
        self._desk = Desk()

    def tell(self) -> None:
        """Write the file if there is news, else renew it now and then; a failure is logged once."""
        try:
            self._tell()
            self._problem = ""
            if self._path:
                folder, name = os.path.split(self._path)
                self._desk.look(folder, name[: -len(SUFFIX)])
        except OSError as error:
            if str(error) != self._problem:
                self._problem = str(error)
                report.warn(f"{self._path}: this process could not say that it is there: {error}")

    def leave(self) -> None:
        """At a clean exit: take the file away."""
        if self._path and self._pid == os.getpid():
            try:
                os.unlink(self._path)
            except OSError:
                pass

    def _tell(self) -> None:
        folder = os.environ.get(FOLDER_VARIABLE)
        if not folder:
            return
        if self._pid != os.getpid():
            self._begin(folder)
        news = self._news()
        if news != self._said:
            os.makedirs(folder, exist_ok=True)
            try:
                write_document(self._path, self._now(), durable=False)
            except OSError:  # a full disk must not keep an operator from knowing that this process followed
                overwrite_document(self._path, self._now())
            self._said = news
        elif time.monotonic() >= self._next:
            try:
                os.utime(self._path)
            except FileNotFoundError:
                self._said = None
                return self._tell()
        else:
            return None
        self._next = time.monotonic() + BEAT
        return None

    def _begin(self, folder: str) -> None:
        self._pid = os.getpid()
        self._said = None
        self._desk = Desk()
        self._path = os.path.join(folder, f"{plain(machine())}-{self._pid}-{birth(self._pid)}{SUFFIX}")

    def _news(self) -> Tuple[object, ...]:
        """Is another when there is something to say; asked at every look."""
        from .. import flags

        return flags.board.current, flags.board.stopped, self._watcher.revision, self._watcher.problem

    def _now(self) -> Dict[str, Any]:
        from .. import flags, metrics

        snapshot = flags.board.current
        return {
            "format": FORMAT,
            "version": VERSION,
            "host": metrics.host(),
            "machine": machine(),
            "pid": self._pid,
            "birth": birth(self._pid),
            "started": metrics.started(),
            "file": os.path.realpath(self._watcher.path or ""),
            "revision": self._watcher.revision,
            "problem": self._watcher.problem or complaint(),
            "stopped": flags.board.stopped,
            "flags": {name: str(setting) for name, setting in sorted(snapshot.settings.items())},
            "declared": sorted(snapshot.declared),
        }


def report_on(watcher: Watcher) -> None:
    """Say from now on, in this process and its children, what the watcher has loaded."""
    presence = Presence(watcher)
    watcher.tell = presence.tell
    leaving.add(presence.leave)
    presence.tell()
