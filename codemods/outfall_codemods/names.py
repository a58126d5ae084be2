"""Which names a module binds and uses, in any scope; and which of them nothing would define."""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections.abc import Iterable, Iterator

_WORD = re.compile(r"[A-Za-z_]\w*")
_MODULE_NAMES = {"__file__", "__name__", "__doc__", "__path__", "__spec__", "__loader__", "__package__"}
_KNOWN = set(dir(builtins)) | _MODULE_NAMES | {"__builtins__", "__class__", "__annotations__", "__debug__"}


def bound_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Every name that one of the nodes binds, in whatever scope."""
    return set(_bound(nodes))


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def module_names(tree: ast.Module) -> set[str]:
    """The names that stand for something of the module itself: bound at its level, or by a function's `global`."""
    found = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        found |= bound_names([node]) if not isinstance(node, ast.Name) or isinstance(node.ctx, ast.Store) else set()
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending += ast.iter_child_nodes(node)
    return found


def used_names(tree: ast.AST) -> set[str]:
    """Every name the tree reads, and every word of a text that might name one (annotations, `__all__`).

    Texts count on purpose: an import is dropped only where nothing at all could need it.
    """
    docstrings: set[ast.AST] = set()  # a statement comes before what it is made of
    used: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                used.add(node.id)
        elif isinstance(node, ast.Expr):
            docstrings.add(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            used.update(_WORD.findall(node.value))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            used.update(node.names)
    return used


def undefined_names(text: str, path: str) -> set[str]:
    """Names that the module looks up globally although nothing in it binds them; none under `import *`."""
    table = symtable.symtable(text, path, "exec")
    defined = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    needed: set[str] = set()
    pending = [table]
    while pending:
        scope = pending.pop()
        for symbol in scope.get_symbols():
            if scope is not table and symbol.is_declared_global() and symbol.is_assigned():
                defined.add(symbol.get_name())
            if symbol.is_referenced() and (scope is table or symbol.is_global()):
                needed.add(symbol.get_name())
        pending += scope.get_children()
    return needed - defined - _KNOWN
