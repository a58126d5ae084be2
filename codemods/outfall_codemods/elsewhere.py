"""Where other modules of the project use a private global, if each place where its name stands is one that is understood.

The linter follows names across files; here every word in a file that may mean the global has to be a use
that the linter joined to it, or the import of the name, straight from the module that declares it.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from outfall_lint.model import Place, State

from .other_files import OtherFiles
from .slot_edits import CannotRewrite
from .text import SourceText

Load = ast.Name | ast.Attribute


@dataclass(frozen=True, slots=True)
class Reach:
    """One file's uses: each node that stands for the global, and the import that the plain names come from."""

    source: SourceText
    loads: Sequence[Load]
    imported: ast.alias | None


def reaches(state: State, others: OtherFiles, path: str) -> list[Reach]:
    """The uses in the files other than `path`; raises CannotRewrite at the first that is not understood."""
    used = {access.place.path for access in state.accesses}
    name = state.local_name
    paths = {*used, *others.mentioning(name, state.module, path), *others.reaching(name, path)} - {path}
    return [_reach(state, others.source(each), path) for each in sorted(paths)]


def _reach(state: State, source: SourceText, declared: str) -> Reach:
    name, nodes = state.local_name, source.nodes
    imports = [(node, alias) for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names if alias.name == name]
    loads = [node for node in nodes if _is_load(node, name)]
    said = len(re.findall(rf"(?<!\w){re.escape(name)}(?!\w)", source.text))
    if said != len(imports) + len(loads) or not source.text.isascii():
        raise _beyond(state, next(iter(_elsewhere(state, source.path)), None), source.path)
    parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
    joined = {(place.line, place.column) for place in _elsewhere(state, source.path)}
    for load in loads:
        place = source.place(_whole(load, parents))
        straight = bool(imports) if isinstance(load, ast.Name) else _is_module(source, load.value, state, declared)
        if (place.line, place.column) not in joined or not straight:
            raise _beyond(state, place)
    plain = any(isinstance(load, ast.Name) for load in loads)
    for statement, alias in imports:
        top = statement in source.tree.body and len(imports) == 1
        if alias.asname or not plain or not top or _imported_from(source, statement) not in _ways(state, declared):
            raise _beyond(state, source.place(alias))
    return Reach(source, tuple(loads), imports[0][1] if imports else None)


def _is_load(node: ast.AST, name: str) -> TypeGuard[Load]:
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Load)
    return isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load)


def _whole(load: Load, parents: dict[ast.AST, ast.AST]) -> ast.expr:
    """The expression that the linter takes for the use: `getattr(x, "a")` begins before its `x`, a path where it does."""
    parent = parents[load]
    called = isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in ("getattr", "hasattr", "setattr", "delattr")
    return parent if called and isinstance(parent, ast.Call) else load


def _is_module(source: SourceText, node: ast.expr, state: State, declared: str) -> bool:
    """Whether the expression is the declaring module, by an import at the top of the file that nothing binds again."""
    written = ast.unparse(node)
    root = written.partition(".")[0]
    bound = [statement for statement in source.tree.body if isinstance(statement, (ast.Import, ast.ImportFrom))]
    meant = {
        way
        for statement in bound
        for alias in statement.names
        if (alias.asname or alias.name.partition(".")[0] if isinstance(statement, ast.Import) else alias.asname or alias.name) == root
        for way in _stands_for(source, statement, alias, written)
    }
    stores = any(isinstance(n, (ast.Name, ast.arg)) and _bound_name(n) == root for n in source.nodes)
    return len(meant) == 1 and meant <= _ways(state, declared) and not stores


def _bound_name(node: ast.Name | ast.arg) -> str:
    if isinstance(node, ast.arg):
        return node.arg
    return "" if isinstance(node.ctx, ast.Load) else node.id


def _stands_for(source: SourceText, statement: ast.Import | ast.ImportFrom, alias: ast.alias, written: str) -> Iterator[str]:
    """What the dotted expression means by this import: a module's name, or its file's path without `.py`."""
    rest = written.partition(".")[2]
    if isinstance(statement, ast.Import):
        yield ".".join(filter(None, (alias.name, rest))) if alias.asname else written
    elif not rest:
        above = _imported_from(source, statement)
        yield f"{above}/{alias.name}" if statement.level else f"{above}.{alias.name}"


def _imported_from(source: SourceText, statement: ast.ImportFrom) -> str:
    """The module that a statement imports from: its name, or, for a relative one, its file's path without `.py`."""
    if not statement.level:
        return statement.module or ""
    folder = posixpath.dirname(source.path)
    for _ in range(statement.level - 1):
        folder = posixpath.dirname(folder)
    return "/".join(filter(None, (folder, (statement.module or "").replace(".", "/"))))


def _ways(state: State, declared: str) -> set[str]:
    """How the declaring module is named: by its name, or by its file's path."""
    path = declared.removesuffix(".py").removesuffix("/__init__")
    return {state.module, path}


def _elsewhere(state: State, path: str) -> list[Place]:
    return [access.place for access in state.accesses if access.place.path == path]


def _beyond(state: State, place: Place | None, path: str = "") -> CannotRewrite:
    where = f" at {place.path}:{place.line}" if place else f" in {path}" if path else ""
    return CannotRewrite(f"code outside its module may use it in ways that are out of sight{where}", state.place.line)
