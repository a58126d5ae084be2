"""What an assignment, a loop or a `with` gives a value to."""

from __future__ import annotations

import ast

from outfall_lint.scopes import Walk
from outfall_lint.uses import use


def bind_target(w: Walk, target: ast.expr, how: str, value: ast.expr | None, statement: ast.stmt | None) -> None:
    """Record that `target` receives `value` (None: not known by itself, as in unpacking)."""
    kind = type(target)
    if kind is ast.Name:
        w.bind(target.id, how, value, statement, target)  # type: ignore[attr-defined]
    elif kind is ast.Attribute or kind is ast.Subscript:
        use(w, target, "store", w.guard, value)
    elif kind is ast.Tuple or kind is ast.List:
        elements: list[ast.expr] = target.elts  # type: ignore[attr-defined]
        values: list[ast.expr | None] = [None] * len(elements)
        same = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(elements)
        if same and not any(isinstance(e, ast.Starred) for e in elements + value.elts):  # type: ignore[union-attr]
            values = list(value.elts)  # type: ignore[union-attr]
        for element, each in zip(elements, values):
            bind_target(w, element, how if each is not None else "unpack", each, statement)
    elif kind is ast.Starred:
        bind_target(w, target.value, "unpack", None, statement)  # type: ignore[attr-defined]
