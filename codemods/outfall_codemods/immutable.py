"""Whether a state never holds what `+= 1` would change in place, so that a new value may take the place of the old one."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_MAKERS = frozenset("abs bool bytes float format hash hex id int len ord repr round str".split())


def stays_immutable(name: str, statements: Iterable[ast.stmt]) -> bool:
    """Whether all that the statements bind to the name (of a global, or of an attribute) is plainly a number or text.

    A list or an array adds to itself, and whoever else holds it sees that.
    """
    return all(_binds_immutable(name, statement) for statement in statements)


def _binds_immutable(name: str, statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return all(_gives_plain(target, statement.value, name) for target in targets if _holds(target, name))
    if isinstance(statement, ast.AugAssign):
        return _is_plain(statement.value, name)
    return isinstance(statement, ast.Delete)


def _gives_plain(target: ast.expr, value: ast.expr | None, name: str) -> bool:
    """Whether the part of the value that the name gets is plain: `N, x = 0, []`."""
    if isinstance(target, (ast.Tuple, ast.List)):
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        if len(parts) != len(target.elts) or any(isinstance(each, ast.Starred) for each in (*parts, *target.elts)):
            return False
        return all(_gives_plain(each, part, name) for each, part in zip(target.elts, parts) if _holds(each, name))
    return _is(target, name) and _is_plain(value, name)


def _is(node: ast.AST, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)


def _holds(target: ast.expr, name: str) -> bool:
    return any(_is(node, name) for node in ast.walk(target))


def _is_plain(value: ast.expr | None, name: str) -> bool:
    """Whether an expression can give numbers and texts only, the name itself being one."""
    if value is None or isinstance(value, (ast.Constant, ast.JoinedStr, ast.Compare)):
        return True
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in _MAKERS
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.op, ast.Not) or _is_plain(value.operand, name)
    if isinstance(value, ast.BinOp):
        return _is_plain(value.left, name) and _is_plain(value.right, name)
    if isinstance(value, ast.BoolOp):
        return all(_is_plain(each, name) for each in value.values)
    if isinstance(value, ast.IfExp):
        return _is_plain(value.body, name) and _is_plain(value.orelse, name)
    return _is(value, name)
