"""Imports of the runtime: what names they bind, and the one edit that binds those not yet bound."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .import_places import RUNTIME, ImportEdit, inserted
from .text import SourceText

PREFIX = "Outfall"  # of the alias where a name is taken: `Registry as OutfallRegistry`


@dataclass(frozen=True, slots=True)
class Bound:
    """What each runtime name is called in the module, and the edit that binds those not yet bound."""

    names: Mapping[str, str]
    edit: ImportEdit | None


def runtime_names(tree: ast.Module) -> dict[str, str]:
    """Local name -> runtime name, for every import from the runtime at module level."""
    found: dict[str, str] = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.ImportFrom) and statement.module == RUNTIME and not statement.level:
            found |= {alias.asname or alias.name: alias.name for alias in statement.names}
    return found


def bind_runtime_names(
    source: SourceText, wanted: Sequence[str], before_line: int, own: Collection[str] = (), exported: bool = False
) -> Bound:
    """Bind the `wanted` runtime names so that they exist before `before_line` runs.

    An import that is already there is used or extended; a taken name gets an alias, and so does one that may take
    the place of another by an `import *`: here, or in a module to which everything is `exported`.
    """
    existing = _runtime_import(source.tree, before_line)
    known = {alias.name: alias.asname or alias.name for alias in existing.names} if existing else {}
    taken = {*source.bound, *dir(builtins)}
    starred = exported or any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in source.nodes)
    missing = [name for name in wanted if name not in known]
    fresh = {name: _free(name, taken, starred) for name in missing}
    names = {name: {**known, **fresh}[name] for name in wanted}
    if not missing:
        return Bound(names, None)
    if existing and "#" in source.slice(source.place(existing)):
        return Bound(names, _appended(source, existing, _in_order(fresh.items())))
    if existing:
        merged = [(alias.name, alias.asname or alias.name) for alias in existing.names] + list(fresh.items())
        return Bound(names, _replaced(source, existing, _in_order(merged)))
    return Bound(names, inserted(source, _statement(_in_order(fresh.items())), before_line, own))


_DISTINCT = re.compile(r"Staged|module_property$|class_slot$|slot_of$")
"""Names that an `import *` will hardly bring."""


def _free(name: str, taken: set[str], starred: bool) -> str:
    if name not in taken and (not starred or _DISTINCT.match(name)):
        return name
    alias = PREFIX + name if name[:1].isupper() else f"{PREFIX.lower()}_{name}"
    while alias in taken:
        alias += "_"
    return alias


def _in_order(names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Constants, classes, functions, as import sorters have them."""
    return sorted(names, key=lambda pair: (not pair[0].isupper(), pair))


def _statement(names: Sequence[tuple[str, str]]) -> str:
    return f"from {RUNTIME} import {_listed(names)}"


def _listed(names: Sequence[tuple[str, str]]) -> str:
    return ", ".join(name if name == local else f"{name} as {local}" for name, local in names)


def _runtime_import(tree: ast.Module, before_line: int) -> ast.ImportFrom | None:
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == RUNTIME and statement.lineno < before_line:
            return statement
    return None


def _replaced(source: SourceText, statement: ast.ImportFrom, names: Sequence[tuple[str, str]]) -> ImportEdit:
    place = source.place(statement)
    start = source.offset(place.line, place.column)
    end = source.offset(place.end_line, place.end_column)
    return ImportEdit(start, end, _statement(names), (place.line, place.end_line))


def _appended(source: SourceText, statement: ast.ImportFrom, names: Sequence[tuple[str, str]]) -> ImportEdit:
    """Behind the last name, where the statement holds comments: they stay with the names that they are beside."""
    place = source.place(statement.names[-1])
    end = source.offset(place.end_line, place.end_column)
    return ImportEdit(end, end, f", {_listed(names)}", (place.line, place.end_line))
