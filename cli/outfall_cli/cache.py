"""The facts of files that earlier runs have read, in the user's cache folder.

Hazard: nothing that is wrong with a cache may show in what a run finds, or stop it. What cannot be read, or is not
surely ours, is as if it were not there; what cannot be written is not kept. One file holds one project's facts, for
one edition of the linter, and is replaced as a whole, so that runs beside each other lose at most what the other kept.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outfall_lint.facts import ModuleFacts

FOLDER = "OUTFALL_CACHE_DIR"
LARGEST = 256_000_000
"""Bytes, of all projects together; the least recently used go first."""
KEPT = 30
"""Days that a project, or a file of it, is remembered without being met."""

_SUFFIX = ".facts"
_UNFINISHED = ".unfinished"
_DAY = 86_400


def folder() -> Path:
    """Where the cache is, or would be: `OUTFALL_CACHE_DIR`, or the user's folder for such things."""
    configured = os.environ.get(FOLDER)
    if configured:
        return Path(configured)
    from platformdirs import user_cache_path

    return user_cache_path("outfall", appauthor=False)


def objection(path: Path) -> str | None:
    """Why a file or folder is not to be trusted: it may be somebody else's work. None where it may be used."""
    try:
        status = os.stat(path)
    except OSError as error:
        return f"{error.strerror or error}"
    if not hasattr(os, "geteuid"):
        return None
    if status.st_uid != os.geteuid():
        return "it belongs to another user"
    return "others may write to it" if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else None


@dataclass(frozen=True, slots=True)
class Line:
    """The facts of one file at one time."""

    day: int  # of its last use, since 1970
    text: bytes

    def written(self, key: str) -> bytes:
        body = b"%s %d %s" % (key.encode(), self.day, self.text)
        return b"%s %s\n" % (_check(body), body)


class Cache:
    """What is known of a project's files; `save` after the run."""

    def __init__(self, file: Path, lines: dict[str, Line]) -> None:
        self._file = file
        self._lines = lines
        self._used: dict[str, Line] = {}
        self._grown = False
        self._today = int(time.time()) // _DAY

    def recall(self, key: str, own: frozenset[str]) -> ModuleFacts | None:
        """The facts under a key of `outfall_lint.stored`; None where there are none that hold."""
        from outfall_lint.stored import from_text

        line = self._lines.get(key)
        if line is None:
            return None
        try:
            facts = from_text(line.text, own)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return None
        if facts is not None:
            self._used[key] = Line(self._today, line.text)
        return facts

    def keep(self, key: str, own: frozenset[str], facts: ModuleFacts) -> None:
        """Remember the facts of a file."""
        from outfall_lint.stored import to_text

        self._used[key] = Line(self._today, to_text(facts, own).encode())
        self._grown = True

    def save(self) -> None:
        """Write what was learned, and what is still worth keeping of what was known before."""
        try:
            if self._grown:
                data = b"".join(line.written(key) for key, line in self._worth_keeping())
                if len(data) <= LARGEST:
                    _replace(self._file, data)
                    _prune(self._file)
                self._grown = False
            elif self._used and time.time() - self._file.stat().st_mtime > _DAY:
                os.utime(self._file)
        except OSError:
            return  # no room, or no right to write: the next run reads the files again

    def _worth_keeping(self) -> Iterator[tuple[str, Line]]:
        """What this run used, and of each path the latest other version: branches come and go."""
        yield from self._used.items()
        seen: set[str] = set()
        for key, line in self._lines.items():
            if key not in self._used and key[:8] not in seen and self._today - line.day <= KEPT:
                seen.add(key[:8])
                yield key, line


def open_cache(root: Path, where: Path | None = None) -> Cache | None:
    """The cache of the project at `root`, in the user's folder or in `where`; None where there can be none."""
    try:
        from outfall_lint.stored import edition

        where = where or folder()
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        if objection(where) is not None:
            return None
        project = blake2b(os.fsencode(os.path.realpath(root)), digest_size=8).hexdigest()
        file = where / f"{project}-{edition()}{_SUFFIX}"
        return Cache(file, _read(file))
    except (OSError, RuntimeError, ValueError):
        return None  # no home, no such disk, …


def extent() -> tuple[int, int]:
    """How many projects the cache remembers, and in how many bytes. Raises OSError where its folder cannot be read."""
    found = {path: path.stat().st_size for path in folder().iterdir() if path.suffix == _SUFFIX}
    return len({path.name.partition("-")[0] for path in found}), sum(found.values())


def _read(file: Path) -> dict[str, Line]:
    """The lines of a file, by their keys; what is damaged is left out."""
    if not file.exists() or objection(file) is not None or file.stat().st_size > LARGEST:
        return {}
    lines: dict[str, Line] = {}
    for line in file.read_bytes().split(b"\n"):
        check, _, body = line.partition(b" ")
        if len(body) > 42 and check == _check(body):
            key, day, text = body.split(b" ", 2)
            lines.setdefault(key.decode(), Line(int(day), text))
    return lines


def _check(body: bytes) -> bytes:
    return blake2b(body, digest_size=8).hexdigest().encode()


def _replace(file: Path, data: bytes) -> None:
    with NamedTemporaryFile(dir=file.parent, suffix=_UNFINISHED, delete=False) as new:
        try:
            new.write(data)
            new.close()
            os.replace(new.name, file)
        except BaseException:
            new.close()
            os.unlink(new.name)
            raise


def _prune(latest: Path) -> None:
    """Take out projects that nobody has looked at for long, then the oldest until there is room; what runs left half done too."""
    now = time.time()
    others = {path: path.stat() for path in latest.parent.iterdir() if path.suffix in (_SUFFIX, _UNFINISHED) and path != latest}
    room = LARGEST - latest.stat().st_size
    for path, status in sorted(others.items(), key=lambda each: each[1].st_mtime, reverse=True):
        age = now - status.st_mtime
        if path.suffix == _UNFINISHED:
            gone = age > _DAY
        else:
            room -= status.st_size
            gone = room < 0 or age > KEPT * _DAY
        if gone:
            path.unlink(missing_ok=True)
