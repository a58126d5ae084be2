"""Bytes to text to tree, or one clear line that says why not.

Hazard: a linter meets every file of a project, also the broken ones. Nothing here raises for
what a file contains; each failure becomes a `Problem`.
"""

from __future__ import annotations

import ast
import errno
import io
import os
import re
import stat
import sys
import tokenize
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from outfall_lint.model import Problem

LARGEST = 20_000_000
"""Bytes. A larger file is data that happens to be called `.py`."""

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"

_NEWER_SYNTAX = (
    ((3, 12), re.compile(r"^\s*type\s+\w+.*=|^\s*(?:async\s+)?def\s+\w+\[|^\s*class\s+\w+\[|\bf['\"]")),
    ((3, 14), re.compile(r"\bt['\"]|^\s*except\s+[\w.]+\s*,[^:]*:")),
)
_PYTHON_2 = re.compile(
    r"^\s*print\s+[^(=\s]|^\s*print\s*$|^\s*exec\s+['\"\w]|^\s*except\s+[^:(]+,\s*\w+\s*:|`|<>|\bur['\"]|\b0\d+\b"
    r"|^\s*raise\s+\w+\s*,|\b\d+L\b"
)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file: `path` is relative to the project root, with `/`."""

    path: str
    text: str


def read(root: Path, path: str) -> Source | Problem:
    """The text of `root / path`, decoded as Python itself would."""
    try:
        status = os.stat(root / path)
        if not stat.S_ISREG(status.st_mode):
            what = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            return Problem(path, None, f"is {what}; rename or exclude it")
        if status.st_size > LARGEST:
            size = f"{status.st_size / 1e6:.0f} MB"
            return Problem(path, None, f"is larger than {LARGEST // 1_000_000} MB ({size}); exclude it")
        return decode(path, (root / path).read_bytes())
    except OSError as error:
        return Problem(path, None, _cannot_read(error))


def decode(path: str, data: bytes) -> Source | Problem:
    """`data` as text: cookie and byte order mark respected, newlines left to the parser."""
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        return Problem(path, line, "contains a null byte; is this really Python source?")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return Source(path, data.decode(encoding))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return Problem(path, line, f"is not valid {error.encoding}; save it so, or name its encoding in a cookie")
    except (SyntaxError, LookupError) as error:
        return Problem(path, 1, f"{error}; name a known encoding in the cookie")


def parse(source: Source) -> ast.Module | Problem:
    """The tree of `source`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except SyntaxError as error:
        return Problem(source.path, error.lineno, f"cannot be parsed: {error.msg}{_reason(source.text, error)}")
    except (RecursionError, MemoryError):
        return Problem(source.path, None, "is nested too deeply to be parsed")
    except ValueError as error:
        return Problem(source.path, None, f"cannot be parsed: {error}")


def _cannot_read(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "does not exist (a broken link, or it vanished while running)"
    if error.errno == errno.ELOOP:
        return "is a symbolic link that leads back to itself"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "may not be read: permission denied"
    return f"cannot be read: {error.strerror or error}"


def _reason(text: str, error: SyntaxError) -> str:
    """Why the syntax of another Python is, or may be, the cause."""
    lines = text.splitlines()
    line = lines[error.lineno - 1] if error.lineno and 0 < error.lineno <= len(lines) else ""
    for version, pattern in _NEWER_SYNTAX:
        if sys.version_info < version and pattern.search(line):
            newer = ".".join(map(str, version))
            return f" (this looks like syntax of Python {newer}; outfall runs on Python {RUNNING} and parses its syntax)"
    if _PYTHON_2.search(line):
        return f" (this looks like Python 2; outfall runs on Python {RUNNING} and parses its syntax)"
    return ""


class SourceLines:
    """Single lines of the files of a run, each file read once; for messages and fingerprints."""

    def __init__(self, root: Path, sources: Sequence[Source] = ()) -> None:
        self._root = root
        self._lines = {source.path: split_lines(source.text) for source in sources}

    def line(self, path: str, number: int) -> str:
        """Line `number` (from 1) of a file; empty where it cannot be read any more."""
        if path not in self._lines:
            source = read(self._root, path)
            self._lines[path] = split_lines(source.text) if isinstance(source, Source) else []
        lines = self._lines[path]
        return lines[number - 1] if 0 < number <= len(lines) else ""


def split_lines(text: str) -> list[str]:
    """Lines as the parser counts them: form feeds and Unicode separators end none."""
    return re.split(r"\r\n|\r|\n", text)
