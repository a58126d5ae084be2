"""Finds the living processes of a service, and waits until each has a revision of the flag file.

Hazard: the files that processes leave say what was. Whether the writer still lives is asked of the
system where it runs on this machine; elsewhere, silence for three beats counts as gone. Clocks of
machines differ, so beats are held against the clock that also stamps them: the file system's.
"""

from __future__ import annotations

import os
import time

from .._common.documents import read_document
from .._common.record import NamedTuple
from ..errors import BrokenSource
from .presence import BEAT, FORMAT, SUFFIX, VERSION, birth, machine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

SILENCE = 3 * BEAT  # seconds
LEFT_BEHIND = 3600.0  # seconds after which nobody is still writing a file
LOOK_AGAIN = 0.02  # seconds
CAN_ASK = os.name == "posix"  # elsewhere `os.kill(pid, 0)` does not ask


class Worker(NamedTuple):
    """One living process that follows a flag file; `declared` is None where its runtime does not say."""

    host: str
    pid: int
    revision: int
    problem: str
    stopped: str
    flags: Dict[str, str]
    path: str
    declared: Optional[Tuple[str, ...]] = None

    def __str__(self) -> str:
        return f"{self.host} process {self.pid}"


class Reach(NamedTuple):
    """Which processes have a change, and which do not."""

    reached: Tuple[Worker, ...]
    missing: Tuple[Worker, ...]
    problems: Tuple[str, ...]
    seconds: float

    def lines(self) -> List[str]:
        """What is wrong, one line for each process."""
        return [*(f"{one} did not answer{_why(one)}" for one in self.missing), *self.problems]


class _Stamps:
    """The clock of the file system that a folder is on; asked once, and only for processes of other machines."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._ahead: Optional[float] = None  # of this machine's clock

    def now(self) -> float:
        if self._ahead is None:
            self._ahead = self._ask() - time.time()
        return time.time() + self._ahead

    def _ask(self) -> float:
        mark = os.path.join(self._folder, f"clock-{os.urandom(8).hex()}.tmp")
        try:
            descriptor = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                return os.fstat(descriptor).st_mtime
            finally:
                os.close(descriptor)
                os.unlink(mark)
        except OSError:  # a folder that may only be read
            return time.time()


def living(
    folder: str, flag_file: Optional[str], stamps: Optional[_Stamps] = None
) -> Tuple[List[Worker], List[str]]:
    """The living processes that follow `flag_file` (any, where it is None), and what could not be read."""
    here = machine()
    stamps = stamps or _Stamps(folder)
    found: List[Worker] = []
    problems: List[str] = []
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"{folder}: {error.strerror}"]
    for name in names:
        if not name.endswith(SUFFIX):
            continue
        path = os.path.join(folder, name)
        try:
            said = read_document(path, FORMAT, VERSION)
            worker = _worker(said, path)
            mine = flag_file is None or said.get("file") == flag_file
            if mine and _lives(said, path, here, stamps):
                found.append(worker)
        except BrokenSource as error:
            if os.path.exists(path):  # else it ended meanwhile
                problems.append(str(error))
    return found, problems


def wait_for(folder: Optional[str], flag_file: str, revision: int, timeout: float) -> Reach:
    """Wait until every living process that follows the file has this revision or a later one.

    Args:
        folder: where processes say that they are there; None: there is none, so nobody is waited for.
        timeout: seconds.
    """
    begun, stamps = time.monotonic(), _Stamps(folder or "")
    while True:
        workers, problems = living(folder, flag_file, stamps) if folder else ([], [])
        missing = tuple(one for one in workers if one.revision < revision)
        spent = time.monotonic() - begun
        if not missing or spent >= timeout:
            reached = tuple(one for one in workers if one.revision >= revision)
            return Reach(reached, missing, tuple(problems), spent)
        time.sleep(LOOK_AGAIN)


def forget_dead(folder: str) -> int:
    """Remove what processes of this machine that have ended left behind; returns how many processes."""
    here, stamps = machine(), _Stamps(folder)
    removed = 0
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            if name.endswith(SUFFIX):
                said = read_document(path, FORMAT, VERSION)
                if said.get("machine") == here and not _lives(said, path, here, stamps):
                    os.unlink(path)
                    removed += 1
            elif name.endswith(".tmp") and time.time() - os.stat(path).st_mtime > LEFT_BEHIND:
                os.unlink(path)  # by a process that was killed while it wrote
        except (BrokenSource, OSError):
            continue
    return removed


def _worker(said: Dict[str, Any], path: str) -> Worker:
    flags, declared = said.get("flags"), said.get("declared")
    try:
        return Worker(
            str(said["host"]),
            int(said["pid"]),
            int(said["revision"]),
            str(said.get("problem") or ""),
            str(said.get("stopped") or ""),
            flags if isinstance(flags, dict) else {},
            path,
            tuple(map(str, declared)) if isinstance(declared, list) else None,
        )
    except (KeyError, TypeError, ValueError):
        raise BrokenSource(f"{path}: not what a process writes about itself") from None


def _lives(said: Dict[str, Any], path: str, here: str, stamps: _Stamps) -> bool:
    if said.get("machine") != here or not CAN_ASK:
        try:
            return stamps.now() - os.stat(path).st_mtime < SILENCE
        except OSError:
            return False
    return is_running(int(said["pid"]), str(said.get("birth") or ""))


def is_running(pid: int, born: str) -> bool:
    """Whether a process of this machine is that one, and runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's, so it is there
        pass
    if _is_zombie(pid):
        return False
    now = birth(pid)
    return not born or not now or born == now


def _is_zombie(pid: int) -> bool:
    """Ended, and its parent has not asked for it yet."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].split()[0] == b"Z"
    except (OSError, IndexError):
        return False


def _why(worker: Worker) -> str:
    return f": it cannot read the flag file ({worker.problem})" if worker.problem else f" (has revision {worker.revision})"
