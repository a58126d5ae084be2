"""Evidence: what this process recorded about its staged states, for the file that proves a removal.

With `OUTFALL_METRICS_DIR` set, every process that has a staged state writes one file there: every
minute (`OUTFALL_METRICS_SECONDS`), at exit, and whenever `write_snapshot` is called;
`python -m outfall_runtime metrics export` merges them. Evidence has names, modes, hours, counts and
call sites; never values.

Hazard: processes die at any instant and several write into one folder. So each writes a file of
its own, to a temporary name first, and replaces the old one as a whole.
"""

from __future__ import annotations

import os
import time
from _thread import get_ident

from . import _report
from ._reporting import Reporter
from ._states import FOLDER_VARIABLE, book
from .errors import BrokenSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Tuple, Union

    Document = Dict[str, Any]
    _Path = Union[str, "os.PathLike[str]"]

__all__ = ["evidence", "merge", "process", "read_folder", "write", "write_snapshot"]

FORMAT = "outfall-evidence"
VERSION = 1


def _now() -> str:
    """To the millisecond, so that of two processes of one second it is clear which is later."""
    whole, thousandths = divmod(time.time_ns() // 1_000_000, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{thousandths:03d}Z"


class _Identity:
    """Who wrote: a process is told apart by host, number and start, because numbers come back."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.started = _now()
        self.token = f"{time.time_ns():x}"


_identity = _Identity()


def host() -> str:
    """How this process calls the place that it runs in: `OUTFALL_PROCESS_NAME`, else the host's name."""
    from socket import gethostname

    return os.environ.get("OUTFALL_PROCESS_NAME") or gethostname()


def started() -> str:
    """When this process began to record."""
    return _identity.started


def process() -> Document:
    """What this process has recorded so far."""
    return {
        "host": host(),
        "pid": os.getpid(),
        "started": _identity.started,
        "updated": _now(),
        "states": book.as_evidence(),
    }


def evidence(processes: Iterable[Document]) -> Document:
    """An evidence document over the given processes."""
    listed = sorted(processes, key=lambda one: (one["host"], one["started"], one["pid"]))
    return {"format": FORMAT, "version": VERSION, "created": _now(), "processes": listed}


def write_snapshot(folder: Optional[_Path] = None) -> Optional[str]:
    """Write this process's evidence into `folder`, by default `OUTFALL_METRICS_DIR`.

    Returns:
        The file's path; None where no folder is configured.

    Raises:
        OSError: the file cannot be written; what stood there before is unharmed.
    """
    target = os.fspath(folder) if folder is not None else os.environ.get(FOLDER_VARIABLE)
    if not target:
        return None
    me = process()
    os.makedirs(target, exist_ok=True)
    host = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in me["host"])
    path = os.path.join(target, f"{host}-{me['pid']}-{_identity.token}.json")
    write(path, evidence([me]))
    return path


def read_folder(folder: _Path) -> Tuple[List[Document], List[str]]:
    """All evidence in a folder, and a line for each file that could not be read."""
    documents: List[Document] = []
    problems: List[str] = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".json"):
            continue
        try:
            documents.append(_read(os.path.join(os.fspath(folder), name)))
        except BrokenSource as error:
            problems.append(str(error))
    return documents, problems


def merge(documents: Iterable[Document]) -> Document:
    """One document with every process once: of two reports by one process the later counts."""
    latest: Dict[Tuple[str, int, str], Document] = {}
    for document in documents:
        for one in document["processes"]:
            key = (one["host"], one["pid"], one["started"])
            if key not in latest or latest[key]["updated"] <= one["updated"]:
                latest[key] = one
    return evidence(latest.values())


def write(path: _Path, document: Document) -> None:
    """Write a JSON document as a whole or not at all."""
    import json

    target = os.fspath(path)
    temporary = f"{target}.{os.getpid()}-{get_ident()}.tmp"  # two threads may be at it
    try:
        with open(temporary, "w", encoding="utf-8") as stream:
            json.dump(document, stream, indent=1)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise


def _read(path: str) -> Document:
    import json

    try:
        with open(path, encoding="utf-8") as stream:
            document = json.load(stream)
    except OSError as error:
        raise BrokenSource(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise BrokenSource(f"{path}: not valid JSON: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BrokenSource(f'{path}: no evidence file; expected "format": "{FORMAT}"')
    if document.get("version") != VERSION:
        raise BrokenSource(f"{path}: version is {document.get('version')!r}; this runtime reads version {VERSION}")
    if not isinstance(document.get("processes"), list) or not all(map(_is_process, document["processes"])):
        raise BrokenSource(f'{path}: "processes" is missing or malformed')
    return document


def _is_process(one: object) -> bool:
    texts = ("host", "started", "updated")
    return (
        isinstance(one, dict)
        and all(isinstance(one.get(name), str) for name in texts)
        and isinstance(one.get("pid"), int)
        and isinstance(one.get("states"), dict)
    )


def start_reporting() -> None:
    """Write a snapshot now and then from here on; for the first staged state of a process."""
    _reporter.start()


def _at_exit() -> None:
    _reporter.stop()
    try:
        write_snapshot()
    except OSError as error:
        _report.warn(f"evidence could not be written: {error}")


def _after_fork() -> None:
    _identity.renew()
    _reporter.after_fork()


_reporter = Reporter(write_snapshot)
if os.environ.get(FOLDER_VARIABLE):
    import atexit

    atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
