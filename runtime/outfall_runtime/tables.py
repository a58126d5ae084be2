"""The tables of this process: sizes, backup and restore, rebuilding, cleaning up.

    from outfall_runtime import tables

    tables.encoder(Agent, "agent", encode=Agent.as_dict, decode=Agent.from_dict)
    report = tables.backup("/var/lib/app/tables.json")
    report.omitted                                   # what could not be written, by table and key
    tables.restore("/var/lib/app/tables.json")       # brings back the keys that are not there

A backup is JSON with a checksum, never pickle. Entries that belong to a living owner come back
without one: their metadata has `detached`, with the type of the owner.

Hazard: tables are read and written by other threads meanwhile. Every step is atomic for its key;
nothing is changed before a file has been read, checked and decoded as a whole.
"""

from __future__ import annotations

import os

from ._common.record import NamedTuple
from ._tables import backup as _backup
from ._tables import catalogue, encoding
from ._tables.backup import chosen
from ._tables.refill import refill
from ._tables.sizes import Size, size_of
from .errors import BrokenSource
from .registry import Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (
        Any,
        Callable,
        Dict,
        List,
        Mapping,
        Optional,
        Sequence,
        Tuple,
        Union,
    )

    _Path = Union[str, "os.PathLike[str]"]

__all__ = ["Backup", "Restored", "Size", "backup", "cleanup", "encoder", "ensure", "rebuild", "rebuilder", "restore", "sizes"]

_rebuilders: "Registry[str, Callable[[], Any]]" = Registry("outfall_runtime.rebuilders")  # outfall: ignore[OUT109] a registry


class Backup(NamedTuple):
    """What a backup holds: entries by table, and what is not in it as `(table, key, reason)`."""

    path: str
    entries: Mapping[str, int]
    omitted: Tuple[Tuple[str, str, str], ...]


class Restored(NamedTuple):
    """What a restore brought back: entries by table; tables of the file that this process does not have; what was over."""

    entries: Mapping[str, int]
    absent: Tuple[str, ...]
    expired: int


def encoder(kind: type, name: str, *, encode: Callable[[Any], Any], decode: Callable[[Any], Any]) -> None:
    """Say how values of a type are written to backups.

    Args:
        kind: exactly this type, not its subclasses.
        name: stands for the type in files; it must never change.
        encode: to something that JSON holds, or that has an encoder.
        decode: back.
    """
    encoding.register(kind, name, encode, decode)


def backup(path: _Path, names: Optional[Sequence[str]] = None) -> Backup:
    """Write tables, by default all, to one file. Killed at any instant, the old file or the new one stands there.

    Raises:
        BrokenSource: this process has no such table.
        OSError: the file cannot be written; the old one is unharmed.
    """
    target = os.fspath(path)
    tables = chosen(names)
    _backup.folder_ready(target)
    made = _backup.write(target, tables)
    entries = {one["name"]: len(one["entries"]) for one in made["tables"]}
    omitted = [(one["name"], left["key"], left["reason"]) for one in made["tables"] for left in one["omitted"]]
    return Backup(target, entries, tuple(omitted))


def restore(path: _Path, names: Optional[Sequence[str]] = None, *, replace: bool = False) -> Restored:
    """Bring entries of a backup back.

    Args:
        replace: make the tables what the file holds. Otherwise only what is not there is added, and
            a list or deque is only filled if it is empty.

    Raises:
        BrokenSource: the file is damaged, foreign, of another version, has a table of another type or a
            value without a decoder. Then nothing was changed.
    """
    stored = _backup.read(os.fspath(path), names)
    tables = chosen(None)
    for one in stored:
        if one.name in tables and _backup.type_of(tables[one.name]) != one.type:
            kind = _backup.type_of(tables[one.name])
            raise BrokenSource(f"{os.fspath(path)}: {one.name} holds a {one.type}; here it is a {kind}")
    entries: Dict[str, int] = {}
    expired = 0
    for one in stored:
        if one.name in tables:
            items = [item for item in one.items if item.left is None or item.left > 0]
            expired += len(one.items) - len(items)
            entries[one.name] = refill(tables[one.name], items, replace)
    return Restored(entries, tuple(one.name for one in stored if one.name not in tables), expired)


def rebuilder(name: str, source: Callable[[], Any]) -> None:
    """Say where the content of a table comes from, so that `rebuild(name)` can ask for it."""
    _rebuilders[name] = source


def rebuild(name: str, source: Optional[Callable[[], Any]] = None) -> int:
    """Make a table what its source says now; returns the number of entries.

    Args:
        source: returns what the table's type could be made of; by default what `rebuilder` was given.
            If it fails, nothing was changed.

    Raises:
        BrokenSource: this process has no such table, or nothing is known to rebuild it from.
    """
    table = chosen([name])[name]
    ask = source or _rebuilders.get(name)
    if ask is None:
        raise BrokenSource(f"nothing says what {name} is rebuilt from; call tables.rebuilder({name!r}, ...)")
    found = ask()
    pairs = list(dict(found).items()) if isinstance(table, dict) else [(None, value) for value in found]
    return refill(table, [_backup.Item(key, value, {}, None) for key, value in pairs], True)


def cleanup(names: Optional[Sequence[str]] = None) -> Dict[str, int]:
    """Remove now what is over: entries whose owner died or whose time is up; how many went, by table."""
    return {name: table.sweep() for name, table in chosen(names).items() if isinstance(table, Registry)}


def ensure(*names: str) -> Dict[str, str]:
    """Import the modules that declare these tables; what is still not there, with the reason."""
    missing: Dict[str, str] = {}
    for name in names:
        if name in catalogue.by_name():
            continue
        reason = _imported(name)
        if name not in catalogue.by_name():
            missing[name] = reason or "its module was imported, and declares no such table"
    return missing


def sizes() -> List[Size]:
    """Every table with its number of entries and its estimated size."""
    return [size_of(name, table) for name, table in chosen(None).items()]


def _imported(name: str) -> str:
    """Import the longest prefix of a qualified name that is a module; why that failed, else nothing."""
    from importlib import import_module

    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:length])
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name is not None and (module == error.name or module.startswith(f"{error.name}.")):
                continue  # a class of the module before
            return f"importing {module} failed: {error}"
        except Exception as error:
            return f"importing {module} failed: {type(error).__name__}: {error}"
        return ""
    return f"there is no module {'.'.join(parts[:-1]) or name!r}"
