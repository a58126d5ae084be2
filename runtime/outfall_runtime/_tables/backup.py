"""The document that holds tables: what is written, and what of a file is believed.

Hazard: tables change while they are written, by any thread. Each is copied in one step first;
between two tables time passes, so a backup is exact for each table and not across tables.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict, deque

from .._common.documents import read_document, write_document
from .._common.record import NamedTuple
from ..errors import BrokenSource
from ..registry import Registry
from . import catalogue
from .contents import contents, in_order
from .deaths import OwnedEntry
from .encoding import CannotDecode, CannotEncode, decoded, encoded
from .entry import NEVER
from .sibling import Sibling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence, Tuple

    Document = Dict[str, Any]

FORMAT, VERSION = "outfall-tables", 1
OWN = "outfall_runtime."  # the runtime's own tables are no part of a backup
STORED = (dict, list, set, deque)
PRIVATE = 0o600  # a backup holds values


class Item(NamedTuple):
    """One entry as it is restored: `key` is None for containers without keys; `left` is seconds to live."""

    key: Any
    value: Any
    metadata: Dict[str, Any]
    left: Optional[float]


class Stored(NamedTuple):
    """One table of a file."""

    name: str
    type: str
    items: Tuple[Item, ...]


def chosen(names: Optional[Sequence[str]]) -> Dict[str, Any]:
    """The newest table of each of the names, or all.

    Raises:
        BrokenSource: there is no such table in this process.
    """
    found = {
        name: table
        for name, table in sorted(catalogue.by_name().items())
        if isinstance(table, (Registry, Sibling)) and not name.startswith(OWN)
    }
    for name in names or ():
        if name not in found:
            raise BrokenSource(f"this process has no table {name!r}; it has {', '.join(found) or 'none'}")
    return found if names is None else {name: found[name] for name in names}


def type_of(table: Any) -> str:
    """The type that the table is one of, such as `dict`."""
    return str(table._outfall_type.__name__)


def document(tables: Dict[str, Any]) -> Document:
    """Everything in the tables that can be written, and the names of what cannot."""
    listed = [_table(name, table) for name, table in tables.items()]
    return {
        "format": FORMAT,
        "version": VERSION,
        "created": time.time(),
        "checksum": checksum(listed),
        "tables": listed,
    }


def write(path: str, tables: Dict[str, Any]) -> Document:
    """Write the tables to a file that only its owner may read; the old file or the new one stands there at any instant."""
    made = document(tables)
    write_document(path, made, mode=PRIVATE)
    return made


def checksum(listed: Any) -> str:
    """Over the tables as parsed, so that spaces and line ends do not matter."""
    import hashlib
    import json

    text = json.dumps(listed, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"


def read(path: str, names: Optional[Sequence[str]]) -> List[Stored]:
    """The tables of a file, decoded.

    Raises:
        BrokenSource: it is no backup, of another version, damaged, or has what cannot be decoded.
    """
    found = read_document(path, FORMAT, VERSION)
    listed = found.get("tables")
    if not isinstance(listed, list) or found.get("checksum") != checksum(listed):
        raise BrokenSource(f"{path}: damaged: its checksum does not agree with what it holds")
    created = found.get("created")
    passed = max(time.time() - created, 0.0) if isinstance(created, (int, float)) else 0.0
    try:
        stored = [_stored(path, one, passed) for one in listed if names is None or one["name"] in names]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BrokenSource(f"{path}: no table of version {VERSION}: {type(error).__name__}: {error}") from None
    for name in names or ():
        if name not in {one.name for one in stored}:
            raise BrokenSource(f"{path}: holds no table {name!r}; it has {', '.join(str(one['name']) for one in listed)}")
    return stored


def _table(name: str, table: Any) -> Document:
    keyed = isinstance(table, dict)
    if not issubclass(table._outfall_type, STORED):
        reason = f"a {type_of(table)} does not own what it holds"
        return {"name": name, "type": type_of(table), "entries": [], "omitted": [{"key": "everything", "reason": reason}]}
    look = in_order if issubclass(table._outfall_type, OrderedDict) else contents
    pairs = look(table) if keyed else list(enumerate(look(table)))
    entries: List[Document] = []
    omitted: List[Document] = []
    for key, value in pairs:
        try:
            entries.append(_entry(table, key, value, keyed))
        except CannotEncode as error:
            omitted.append({"key": _shown(key), "reason": str(error)})
    return {"name": name, "type": type_of(table), "entries": entries, "omitted": omitted}


def _entry(table: Any, key: Any, value: Any, keyed: bool) -> Document:
    made: Document = {"value": encoded(value)}
    if keyed:
        made["key"] = encoded(key)
    entry: Any = table._outfall.entry(key, value) if isinstance(table, Registry) else None
    if entry is not None:
        metadata = {str(name): encoded(one) for name, one in entry.metadata.items()}
        if entry.guard is not None:
            owner = entry() if isinstance(entry, OwnedEntry) else getattr(entry.guard, "_kept", None)
            metadata["detached"] = "owner" if owner is None else type(owner).__qualname__
        if metadata:
            made["metadata"] = metadata
        if entry.expires is not NEVER:
            made["left"] = max(entry.expires - time.monotonic(), 0.0)
    return made


def _stored(path: str, listed: Any, passed: float) -> Stored:
    items = []
    for one in listed["entries"]:
        try:
            key = decoded(one["key"]) if "key" in one else None
            hash(key)
            metadata = {name: decoded(known) for name, known in one.get("metadata", {}).items()}
            left = None if one.get("left") is None else float(one["left"]) - passed
            items.append(Item(key, decoded(one["value"]), metadata, left))
        except CannotDecode as error:
            raise BrokenSource(f"{path}: {listed['name']}: {_shown(one.get('key'))}: {error}") from None
    return Stored(str(listed["name"]), str(listed["type"]), tuple(items))


def _shown(key: Any) -> str:
    """A key for people, never long, whatever its `repr` does."""
    try:
        text = repr(key)
    except Exception:
        text = f"<{type(key).__qualname__}>"
    return text if len(text) <= 80 else f"{text[:77]}..."


def folder_ready(path: str) -> None:
    """Make the folder of a file."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
