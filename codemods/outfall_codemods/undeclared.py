"""A class attribute that only functions give: whether an empty slot may declare it, and where the body has room for one."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

from outfall_lint.model import Place

from .class_bodies import Function, binds_in_body, class_at
from .edits import Edit, RuntimeName, quoted
from .slot_edits import CannotRewrite, end_of_line, first_line
from .text import SourceText

_ASKED = frozenset({"hasattr", "getattr", "setattr", "delattr"})
_BARE_BASES = frozenset("ABC abc.ABC Generic typing.Generic".split())


def undeclared_problem(source: SourceText, node: ast.ClassDef, name: str) -> str | None:
    """Why an empty slot in the body would be noticed; None where it is as good as no attribute at all."""
    if binds_in_body(node, name):
        return "its class body does not declare it by a single plain statement; declare it there, once, first"
    for base in node.bases:
        if not _is_without(source.tree, base, name, (node,)):
            return f"no class body declares it, and `{ast.unparse(base)}` may: declare it in the class first"
    line = _said(source, name)
    if line:
        return f"no class body declares it, and its name stands as text at line {line}, which may look past a slot: declare it first"
    return None


def _is_without(tree: ast.Module, base: ast.expr, name: str, within: tuple[ast.ClassDef, ...]) -> bool:
    """Whether a base, with its own bases, is in sight and holds nothing of the name.

    A class that seems to be its own base (`class Job(Job):`, of an earlier or imported one) hides which one is meant.
    """
    written = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
    known = class_at(tree, written)
    if known:
        inside = (*within, known)
        return (
            known not in within
            and not binds_in_body(known, name)
            and all(_is_without(tree, each, name, inside) for each in known.bases)
        )
    built_in = getattr(builtins, written, None)
    return written in _BARE_BASES or (isinstance(built_in, type) and not hasattr(built_in, name))


def _said(source: SourceText, name: str) -> int | None:
    """The line where the name stands as text, other than to ask for the attribute: `__slots__`, `"x" in cls.__dict__`."""
    asked = {
        id(call.args[1])
        for call in source.nodes
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _ASKED and len(call.args) > 1
    }
    texts = (n for n in source.nodes if isinstance(n, ast.Constant) and n.value == name and id(n) not in asked)
    return next((n.lineno for n in texts), None)


def declared(source: SourceText, node: ast.ClassDef, name: str, state: str) -> Edit:
    """`name = class_slot("app.C.name", UNSET)` below the attributes that the class body begins with, or at its top."""
    if node.body[0].lineno == node.lineno or _shares_line(source, node.body[0]):
        raise CannotRewrite("its class stands on one line", node.lineno)
    indent = source.lines[node.body[0].lineno - 1][: node.body[0].col_offset]
    made = (f"{indent}{name} = ", RuntimeName("class_slot"), f"({quoted(state)}, ", RuntimeName("UNSET"), ")")
    described = _is_text(node.body[0])
    above = list(_attributes(node.body[described:]))
    if above:
        return Edit(end_of_line(source, above[-1]), (source.newline, *made))
    if described:
        last = node.body[0].end_lineno or 0
        crowded = len(node.body) > 1 and bool(source.lines[last].strip())
        return Edit(end_of_line(source, node.body[0]), (source.newline * 2, *made, source.newline * crowded))
    first = first_line(source, node.body[0])
    return Edit(Place(source.path, first, 0, first, 0), (*made, source.newline * 2))


def _attributes(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The plain assignments that the body begins with, and the texts that describe them."""
    for statement in body:
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)) and not _is_text(statement):
            return
        yield statement


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)


def _shares_line(source: SourceText, statement: ast.stmt) -> bool:
    rest = source.lines[(statement.end_lineno or 1) - 1][source.place(statement).end_column :].strip()
    return not isinstance(statement, (*Function, ast.ClassDef)) and bool(rest) and not rest.startswith("#")
