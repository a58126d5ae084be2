"""Reading and replacing small JSON files that other processes read and write at the same time.

Hazard: a process dies at any instant and a reader comes at any instant. So a file is written under
another name, forced to the disk and put in place in one step: whoever looks sees the old file or
the new one. A writer that reads first (`locked`) keeps others out meanwhile, by a lock that the
system releases when its holder dies. An operator may be root and the service not: what root makes
belongs to the owner of what it replaces, or of the folder, and no link is followed to make it.
"""

from __future__ import annotations

import os
from _thread import get_ident
from contextlib import contextmanager

from ..errors import BrokenSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, Optional, Union

    Document = Dict[str, Any]
    Path = Union[str, "os.PathLike[str]"]

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
TRY_AGAIN = 0.02  # seconds between two attempts to get a lock


def write_document(path: Path, document: Document, *, mode: Optional[int] = None, durable: bool = True) -> None:
    """Write a JSON document as a whole or not at all.

    Args:
        mode: the permissions of a new file, whatever the umask; one that is replaced keeps its own.
        durable: force it to the disk, so that it survives a power failure too.

    Raises:
        OSError: it cannot be written; what stood there before is unharmed.
    """
    import json

    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    write_text(path, text, mode=mode, durable=durable)


def write_text(path: Path, text: str, *, mode: Optional[int] = None, durable: bool = True) -> None:
    """Write a text file as a whole or not at all; see `write_document`."""
    target = os.fspath(path)
    temporary = f"{target}.{os.getpid()}-{get_ident()}.tmp"  # two threads may be at it
    try:
        _forget(temporary)  # a process of this number may have left it behind
        with open(_make(temporary, os.O_WRONLY, mode, target), "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        os.replace(temporary, target)
        if durable:
            _settle(os.path.dirname(target) or ".")
    except BaseException as error:
        _forget(temporary)
        if isinstance(error, OSError):  # a full disk names no file, others the temporary one
            raise OSError(error.errno, error.strerror, target) from None
        raise


def overwrite_document(path: Path, document: Document, *, mode: Optional[int] = None) -> None:
    """Write over a file where it stands, which needs no room but what it has; for a moment nobody can read it.

    Raises:
        OSError: there is no such file, or it cannot be written.
    """
    import json

    rest = memoryview(json.dumps(document, separators=(",", ":"), allow_nan=False).encode("utf-8"))
    descriptor = os.open(path, os.O_WRONLY | NO_LINK)  # not emptied first: somebody else would take the room
    try:
        length = len(rest)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.ftruncate(descriptor, length)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_document(path: Path, form: str, version: int) -> Document:
    """A JSON document of a known format and version.

    Raises:
        BrokenSource: it cannot be read, is no such document, or is of another version.
    """
    import json

    name = os.fspath(path)
    try:
        with open(name, encoding="utf-8") as stream:
            document = json.load(stream)
    except OSError as error:
        raise BrokenSource(f"{name}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise BrokenSource(f"{name}: not valid JSON: {error}") from None
    if not isinstance(document, dict) or document.get("format") != form:
        raise BrokenSource(f'{name}: expected a document with "format": "{form}"')
    if document.get("version") != version:
        raise BrokenSource(f"{name}: version is {document.get('version')!r}; this runtime reads version {version}")
    return document


@contextmanager
def locked(path: Path, timeout: float) -> Iterator[bool]:
    """A block during which no other process is in the same block for this file.

    Yields:
        Whether the lock was obtained within `timeout` seconds; the caller decides whether to go
        on without. Systems without `fcntl` have no such lock and yield True.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        yield True
        return
    import time

    # For reading, which is enough: an operator and the service may be different users.
    descriptor = open_or_make(f"{os.fspath(path)}.lock", os.O_RDONLY, 0o644)
    try:
        end = time.monotonic() + timeout
        obtained = False
        while not obtained:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                obtained = True
            except OSError:
                if time.monotonic() >= end:
                    break
                time.sleep(TRY_AGAIN)
        yield obtained
    finally:
        os.close(descriptor)  # releases the lock


def open_or_make(path: str, flags: int, mode: int) -> int:
    """A descriptor of a file that is made, with these permissions, where it is not there.

    Raises:
        OSError: it cannot be opened, or is a link.
    """
    while True:
        try:
            return os.open(path, flags | NO_LINK)
        except FileNotFoundError:
            pass
        try:
            return _make(path, flags, mode)
        except FileExistsError:  # somebody else was quicker
            continue


def _make(path: str, flags: int, mode: Optional[int], replaces: str = "") -> int:
    """A descriptor of a new file, with owner and permissions of the one that it will replace, if there is one."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    if os.name == "posix":
        before = _found(replaces) if replaces else None
        if os.geteuid() == 0:
            _give(descriptor, before or _found(os.path.dirname(path) or "."))
        if before is not None or mode is not None:
            os.fchmod(descriptor, mode or 0 if before is None else before.st_mode & 0o777)
    return descriptor


def _found(path: str) -> Optional[os.stat_result]:
    try:
        return os.stat(path)
    except OSError:  # there is no such file yet
        return None


def _give(descriptor: int, owner: Optional[os.stat_result]) -> None:
    try:
        if owner is not None:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    except OSError:  # a root that may not do that, as on many network file systems
        pass


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _settle(folder: str) -> None:
    """Force the new name to the disk as well, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # a system whose folders cannot be opened
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
