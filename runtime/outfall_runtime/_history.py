"""What was done to a rollout, by whom and why, in a file that only grows: one JSON object a line.

Hazard: a command may be killed between changing the flag file and noting that here. So the flag
file carries its last change too, and whoever comes next enters what is missing. A line that was
cut off is passed over and named.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    Entry = Dict[str, Any]

VERSION = 1


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
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and _last_byte(descriptor, size) != b"\n":  # whoever wrote before was killed
            line = b"\n" + line
        os.write(descriptor, line)
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
    """Enter the last change of the flag file if a command was killed before it could."""
    entries, _ = read(path)
    if last and not any(entry.get("id") == last.get("id") for entry in entries):
        append(path, last)


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)
