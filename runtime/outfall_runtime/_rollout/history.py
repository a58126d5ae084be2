"""What was done to a rollout, by whom and why, in a file that only grows: one JSON object a line.

Hazard: a command may be killed between changing the flag file and noting that here. So the flag
file carries its last change too, and whoever comes next enters what is missing. A line that was
cut off is passed over and named.
"""

from __future__ import annotations

import errno
import os

from .._common.documents import open_or_make

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    Entry = Dict[str, Any]

VERSION = 1
LATELY = 1 << 16  # bytes at the end, in which the last entries are


def place(flag_file: str) -> str:
    """Where the history of a flag file is: beside it, `flags.history.jsonl`."""
    return f"{os.path.splitext(flag_file)[0]}.history.jsonl"


def append(path: str, entry: Entry) -> None:
    """Add one entry and force it to the disk.

    Raises:
        OSError: it cannot be written.
    """
    import json

    line = json.dumps({"version": VERSION, **entry}, sort_keys=True).encode("utf-8") + b"\n"
    descriptor = open_or_make(path, os.O_RDWR | os.O_APPEND, 0o644)
    try:
        if _end(descriptor, 1) not in (b"", b"\n"):  # whoever wrote before was killed
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: str) -> "Tuple[List[Entry], List[str]]":
    """All entries, oldest first, and a line for each that could not be read."""
    import json

    entries: List[Entry] = []
    problems: List[str] = []
    try:
        with open(path, "rb") as stream:
            lines = stream.read().split(b"\n")
    except FileNotFoundError:
        return [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict) and entry.get("version") == VERSION:
            entries.append(entry)
        else:
            problems.append(f"{path}:{number}: no entry of version {VERSION}; passed over")
    return entries, problems


def mend(path: str, last: Entry) -> None:
    """Enter the last change of the flag file if a command was killed before it could.

    Only the end of the file is looked at, so that a long history costs nothing.
    """
    if not last:
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return append(path, last)
    try:
        lately = _end(descriptor, LATELY)
    finally:
        os.close(descriptor)
    if str(last.get("id")).encode("ascii", "replace") not in lately:
        append(path, last)
    return None


def _end(descriptor: int, most: int) -> bytes:
    """The last bytes of a file."""
    os.lseek(descriptor, max(os.fstat(descriptor).st_size - most, 0), os.SEEK_SET)
    return os.read(descriptor, most)
