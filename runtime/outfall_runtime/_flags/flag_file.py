"""Changes the flag file: read, change and replace it under a lock, one revision after the other.

Hazard: operators, an automatic rollback and a deployment may write at the same time, and every
worker reads at any instant. So a change reads the file under a lock and replaces it as a whole. The
revision counts changes and never looks at a clock; a worker that names it has that change.
"""

from __future__ import annotations

import os
import time

from .._common.documents import locked, write_document
from .._common.modes import Setting
from .._common.record import NamedTuple
from ..errors import BrokenSource
from .sources import FILE_VARIABLE, FILE_VERSION, Reading, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

    Document = Dict[str, Any]
    Settings = Dict[str, Setting]

LOCK_SECONDS = 10.0  # how long another change may take


class FlagFile(NamedTuple):
    """A flag file as it stands: what services read of it, and the whole document."""

    path: str
    reading: Reading
    document: Document

    @property
    def settings(self) -> Settings:
        return dict(self.reading.settings)

    @property
    def rollout(self) -> Document:
        """What the stages keep in it: `stage`, `since`, `last`."""
        kept = self.document.get("rollout")
        return dict(kept) if isinstance(kept, dict) else {}


def place(path: "Optional[str]") -> str:
    """The flag file that a command is about, links resolved.

    Raises:
        BrokenSource: none was named.
    """
    found = path or os.environ.get(FILE_VARIABLE)
    if not found:
        raise BrokenSource(f"no flag file: give --file or set {FILE_VARIABLE}")
    return os.path.realpath(found)


def read(path: str) -> FlagFile:
    """The file at `path`; one that is not there yet is empty.

    Raises:
        BrokenSource: it is there and broken.
    """
    import json

    if not os.path.lexists(path):
        return FlagFile(path, Reading({}), {})
    reading = read_file(path)
    with open(path, encoding="utf-8-sig") as stream:
        document = json.load(stream)
    return FlagFile(path, reading, document)


def change(
    path: str,
    edit: Callable[[FlagFile], Optional[Document]],
    *,
    actor: str,
    least: int = 0,
    then: Callable[[], object] = lambda: None,
) -> FlagFile:
    """Replace the file by what `edit` makes of it.

    Args:
        edit: gets the file as it stands and returns the document to write, with `flags` as a
            mapping of names to settings; None leaves everything as it is. It may raise.
        least: the new revision is greater than this, too.
        then: called after the change, before anybody else may make another.

    Raises:
        BrokenSource: the file is broken, or another change takes longer than `LOCK_SECONDS`.
        OSError: it cannot be written; the old one is unharmed.
    """
    with locked(path, LOCK_SECONDS) as obtained:
        if not obtained:
            raise BrokenSource(f"{path}: somebody else has been changing it for {LOCK_SECONDS:g} seconds; try again")
        before = read(path)
        document = edit(before)
        if document is None:
            return before
        after = put(path, document, revision=max(before.reading.revision, least) + 1, actor=actor)
        then()
        return after


def put(
    path: str, document: Document, *, revision: int, actor: str, write: Callable[..., None] = write_document
) -> FlagFile:
    """Write the document whatever is there now, without a lock; for `change` and for emergencies."""
    flags = {name: str(setting) for name, setting in sorted(document.get("flags", {}).items())}
    whole = {**document, "version": FILE_VERSION, "flags": flags, "actor": actor, "updated": now(), "revision": revision}
    write(path, whole, mode=0o644)
    return FlagFile(path, read_file(path), whole)


def now() -> str:
    """UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
