"""Reads the names that the ledger `outfall-flags.toml` declares."""

from __future__ import annotations

import os

from ..errors import BrokenSource
from .snapshot import Declaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Union

VERSION = 1


def read_ledger(path: Union[str, "os.PathLike[str]"]) -> List[Declaration]:
    """The declarations in a ledger.

    Raises:
        BrokenSource: the file cannot be read, is no ledger, or this Python has no TOML reader
            (before 3.11); use `flags.declare` there.
    """
    name = os.fspath(path)
    data = _load(name)
    if data.get("version") != VERSION:
        raise BrokenSource(f"{name}: version is {data.get('version')!r}; this runtime reads version {VERSION}")
    flags = data.get("flags", {})
    if not isinstance(flags, dict) or not all(isinstance(entry, dict) for entry in flags.values()):
        raise BrokenSource(f"{name}: expected one table [flags.NAME] per flag")
    for flag, entry in flags.items():
        states = entry.get("states", [])
        if not isinstance(states, list) or not all(isinstance(state, str) for state in states):
            raise BrokenSource(f'{name}: [flags.{flag}] states is {states!r}; expected a list such as ["app.agents._agents"]')
    return [declaration for flag, entry in flags.items() for declaration in _declarations(flag, entry)]


def _declarations(flag: str, entry: Dict[str, Any]) -> List[Declaration]:
    group = str(entry.get("group") or flag)
    states = tuple(str(state) for state in entry.get("states", ()))
    owner, created = str(entry.get("owner", "")), str(entry.get("created", ""))
    whole = Declaration(flag, group, states, owner, created)
    return [whole, *(Declaration(f"{group}:{state}", group, (state,), owner, created) for state in states)]


def _load(name: str) -> Dict[str, Any]:
    try:
        import tomllib  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise BrokenSource(f"{name}: reading a ledger needs Python 3.11; call flags.declare instead") from None
    try:
        with open(name, "rb") as stream:
            data: Dict[str, Any] = tomllib.load(stream)
    except OSError as error:
        raise BrokenSource(f"{name}: {error.strerror}") from None
    except ValueError as error:
        raise BrokenSource(f"{name}: not valid TOML: {error}") from None
    return data
