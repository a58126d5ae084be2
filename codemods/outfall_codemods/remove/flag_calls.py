"""Recognises what is known to be true once a flag is done: its calls, and names bound to them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import libcst as cst

from ..text import SourceText

_RUNTIME = "outfall_runtime"
_PLAIN = (cst.Name, cst.Attribute, cst.SimpleString, cst.Integer)


@dataclass(frozen=True)
class FlagCalls:
    """The spellings of `flags.enabled` that one module uses, and the flags that are done."""

    spellings: frozenset[str]
    flags: frozenset[str]

    def known_true(self, node: cst.BaseExpression) -> bool:
        """Whether the expression asks a finished flag, without a side effect in its arguments."""
        if not isinstance(node, cst.Call) or _dotted(node.func) not in self.spellings or not node.args:
            return False
        name, *rest = (argument.value for argument in node.args)
        if not isinstance(name, cst.SimpleString) or name.evaluated_value not in self.flags:
            return False
        return all(isinstance(value, _PLAIN) for value in rest)


def spellings(tree: ast.Module) -> frozenset[str]:
    """How this module may write `flags.enabled`: none where the imported name is bound otherwise too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {f"{a.asname or a.name}.flags.enabled" for a in node.names if a.name == _RUNTIME}
            found |= {f"{a.asname or a.name}.enabled" for a in node.names if a.name == f"{_RUNTIME}.flags"}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module == _RUNTIME:
            found |= {f"{a.asname or a.name}.enabled" for a in node.names if a.name == "flags"}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module == f"{_RUNTIME}.flags":
            found |= {a.asname or a.name for a in node.names if a.name == "enabled"}
    rebound = _bound_otherwise(tree)
    return frozenset(spelling for spelling in found if spelling.partition(".")[0] not in rebound)


def aliases(scope: ast.AST, known: frozenset[str], flags: Collection[str]) -> frozenset[str]:
    """Names that the scope binds once, to a call that asks a finished flag."""
    stores = Counter(_stores(scope))
    found = set()
    for node in _own_nodes(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            if asked(node.value, known) in flags and stores[node.targets[0].id] == 1:
                found.add(node.targets[0].id)
    return frozenset(found)


def asked(node: ast.expr, known: Collection[str]) -> str | None:
    """The flag that a call asks; None for any other expression."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in known or not node.args:
        return None
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def questions(source: SourceText) -> Iterator[tuple[str, int]]:
    """Each flag that the file asks with the line; whatever else the imported name is bound to."""
    known = spellings(source.tree) | {"flags.enabled"}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and (flag := asked(node, known)):
            yield flag, node.lineno


def asks_by_name(source: SourceText) -> bool:
    """Whether a name that is known only at run time is given to a function of the flags."""
    asked_as = spellings(source.tree)
    modules = tuple(spelling.removesuffix("enabled") for spelling in asked_as if "." in spelling)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and node.args and not isinstance(node.args[0], ast.Constant):
            function = ast.unparse(node.func)
            if function in asked_as or function.startswith(modules):
                return True
    return False


def _bound_otherwise(tree: ast.Module) -> set[str]:
    """Names bound by anything but an import."""
    return {name for node in ast.walk(tree) for name in _stores_of(node)}


def _stores(scope: ast.AST) -> Iterator[str]:
    for node in ast.walk(scope):
        if node is not scope:
            yield from _stores_of(node)


def _stores_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return list(node.names)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        return [node.name]
    return []


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of scopes within it."""
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending += ast.iter_child_nodes(node)


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""
