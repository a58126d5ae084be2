"""Asks running processes of a service to do something, and collects their answers.

An operator's command leaves a request in `requests/` of the metrics folder, naming the processes
that it is for; each does it once and leaves an answer. So `tables backup` works on the tables of
the running service, without a port that anybody could connect to.

Hazard: whoever can write there can have values written to files, and whoever was killed leaves
requests behind. So the folder is the owner's alone, a file of another user or one that anybody may
write is not obeyed, a request names processes by their birth, and one older than `STALE` is left.
The work is done on a thread of its own, so that flags are followed meanwhile.
"""

from __future__ import annotations

import os
import time

from .._common import report
from .._common.documents import read_document, write_document
from .._common.record import NamedTuple
from ..errors import BrokenSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Sequence, Tuple

    from .workers import Worker

    Document = Dict[str, Any]

FORMAT, VERSION = "outfall-request", 1
ANSWER = "outfall-answer"
FOLDER = "requests"
STALE = 60.0  # seconds
LOOK_AGAIN = 0.02  # seconds


class Answers(NamedTuple):
    """What processes answered: `results` by process, `failures` as `process: reason`, and who did not answer."""

    results: Dict[str, Any]
    failures: Tuple[str, ...]
    missing: Tuple[str, ...]


def ask(folder: str, workers: Sequence[Worker], action: str, arguments: Document, timeout: float) -> Answers:
    """Have each of the workers do something, and wait for their answers.

    Args:
        timeout: seconds.

    Raises:
        OSError: the request cannot be written.
    """
    place = os.path.join(folder, FOLDER)
    if not os.path.isdir(place):
        os.makedirs(place, mode=0o700, exist_ok=True)
        _hand_to_service(place, folder)
    identifier = os.urandom(8).hex()
    path = os.path.join(place, f"{identifier}.request")
    names = {os.path.splitext(os.path.basename(worker.path))[0]: str(worker) for worker in workers}
    request = {"format": FORMAT, "version": VERSION, "action": action, "arguments": arguments, "for": sorted(names)}
    hidden = f"{path}.new"
    write_document(hidden, request, mode=0o600, durable=False)
    os.replace(hidden, path)
    answers = {name: os.path.join(place, f"{identifier}.{name}.answer") for name in names}
    end = time.monotonic() + timeout
    while time.monotonic() < end and not all(map(os.path.exists, answers.values())):
        time.sleep(LOOK_AGAIN)
    results: Dict[str, Any] = {}
    failures: List[str] = []
    for name, answer in answers.items():
        if os.path.exists(answer):
            said = read_document(answer, ANSWER, VERSION)
            if said.get("error"):
                failures.append(f"{names[name]}: {said['error']}")
            else:
                results[names[name]] = said.get("result")
    missing = [names[name] for name, answer in answers.items() if not os.path.exists(answer)]
    for left in (path, *answers.values()):
        try:
            os.unlink(left)
        except OSError:
            pass
    return Answers(results, tuple(failures), tuple(missing))


def _hand_to_service(path: str, folder: str) -> None:
    """What root makes here belongs to the service, which could not read it otherwise."""
    if os.name == "posix" and os.geteuid() == 0:
        owner = os.stat(folder)
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


class Desk:
    """Where one process looks for requests; used by the thread that follows the flag file."""

    def __init__(self) -> None:
        self._done: List[str] = []

    def look(self, folder: str, me: str) -> None:
        """Do what is asked of the process whose file is called `me`."""
        place = os.path.join(folder, FOLDER)
        try:
            names = [name for name in os.listdir(place) if name.endswith(".request")]
        except OSError:  # nobody ever asked
            return
        for name in sorted(names):
            if name not in self._done:
                self._done.append(name)
                del self._done[:-100]
                self._take(os.path.join(place, name), me)

    def _take(self, path: str, me: str) -> None:
        try:
            found = os.stat(path)
            if not _trusted(found):
                report.warn(f"{path}: not obeyed, because somebody else could have written it")
                return
            request = read_document(path, FORMAT, VERSION)
        except (OSError, BrokenSource) as error:
            report.warn(f"a request could not be read: {error}")
            return
        if me in request.get("for", ()) and time.time() - found.st_mtime < STALE:
            self.obey(request, f"{os.path.splitext(path)[0]}.{me}.answer")

    def obey(self, request: Document, answer: str) -> None:
        """Do what is asked, on a thread of its own, and write the answer."""
        from threading import Thread

        Thread(target=_answer, args=(request, answer), name="outfall-request", daemon=True).start()


def _trusted(found: os.stat_result) -> bool:
    if os.name != "posix":
        return True
    return not found.st_mode & 0o022 and found.st_uid in (os.geteuid(), 0)


def _answer(request: Document, path: str) -> None:
    from .actions import ACTIONS

    answer: Document = {"format": ANSWER, "version": VERSION}
    try:
        answer["result"] = ACTIONS[request["action"]](**request.get("arguments", {}))
    except Exception as error:
        answer["error"] = f"{type(error).__name__}: {error}"
    try:
        write_document(path, answer, mode=0o600, durable=False)
    except (OSError, TypeError, ValueError) as error:
        report.warn(f"{path}: the answer to a request could not be written: {error}")
