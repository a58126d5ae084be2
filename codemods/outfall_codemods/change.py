"""What would become of files: a value to show, verify, journal and write."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .plan import Described
from .text import Lines, split_lines

@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after. `before` is None for a new file; `spans` None allows any line."""

    path: str
    before: bytes | None
    after: bytes
    spans: tuple[Lines, ...] | None = None

    @property
    def is_python(self) -> bool:
        return self.path.endswith((".py", ".pyi", ".pyw"))


@dataclass(frozen=True)
class ChangeSet:
    """All that one command would write, and the plans it follows from."""

    changes: tuple[FileChange, ...]
    plans: Sequence[Described] = ()
    notes: tuple[str, ...] = field(default=())  # said to people: what was left, and why

    def __bool__(self) -> bool:
        return bool(self.changes)


def digest(data: bytes) -> str:
    """`sha256:…` of `data`, as the journal writes it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def diff(change: FileChange) -> str:
    """A unified diff of one file, as `git diff` names its sides."""
    before, after = _shown(change.before or b""), _shown(change.after)
    old = f"a/{change.path}" if change.before is not None else "/dev/null"
    lines = difflib.unified_diff(before, after, old, f"b/{change.path}")
    return "".join(_ended(lines))


def changed_lines(before: str, after: str) -> int:
    """How many lines differ; a count for the journal, not for proof (see `verify`)."""
    old, new = split_lines(before), split_lines(after)
    opcodes = difflib.SequenceMatcher(None, old, new).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in opcodes if tag != "equal")


def _shown(data: bytes) -> list[str]:
    return split_lines(data.decode("utf-8", errors="surrogateescape"))


def _ended(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield line if line.endswith(("\n", "\r")) else line + "\n\\ No newline at end of file\n"
