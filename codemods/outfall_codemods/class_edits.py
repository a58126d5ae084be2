"""Statements that bind an attribute of a class anew, written as changes of its slot."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from outfall_lint.model import Place

from .edits import Edit, Moved, RuntimeName, quoted
from .slot_edits import CannotRewrite, adds_constant
from .text import SourceText

Binding = tuple[ast.stmt, ast.Attribute]


def mangled(source: SourceText, node: ast.Attribute) -> str:
    """The attribute's name as Python looks it up: `__x`, written within the class `C`, is `_C__x`."""
    if not node.attr.startswith("__") or node.attr.endswith("__"):
        return node.attr
    around = [n for n in source.nodes if isinstance(n, ast.ClassDef) and node in set(ast.walk(n))]
    return f"_{around[-1].name.lstrip('_')}{node.attr}" if around else node.attr


def bindings_at(source: SourceText, places: Collection[Place]) -> list[Binding]:
    """The statements that bind or delete the attributes at `places`, each with the attribute.

    Raises CannotRewrite where a place is anything else, such as a `setattr`.
    """
    wanted = set(places)
    found = [
        (statement, target)
        for statement in source.nodes
        if isinstance(statement, ast.stmt)
        for target in _targets(statement)
        if source.place(target) in wanted
    ]
    missing = wanted - {source.place(target) for _, target in found}
    if missing:
        raise CannotRewrite("it is bound by something else than a plain statement", min(missing).line, source.path)
    return found


def _targets(statement: ast.stmt) -> Iterator[ast.Attribute]:
    """The attributes that one statement itself binds or deletes."""
    targets: list[ast.expr] = []
    if isinstance(statement, (ast.Assign, ast.Delete)):
        targets = list(statement.targets)
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor)):
        targets = [statement.target]
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        targets = [item.optional_vars for item in statement.items if item.optional_vars]
    for target in targets:
        yield from (n for n in ast.walk(target) if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load))


def binding_edits(source: SourceText, statement: ast.stmt, target: ast.Attribute, immutable: bool) -> Iterator[Edit]:
    """`C.x = v` → `slot_of(C, "x").value = v`, in every form of statement; `C.x += 1` becomes one step where all values are `immutable`."""
    attribute = (RuntimeName("slot_of"), "(", Moved(source.place(target.value)), f", {quoted(mangled(source, target))})")
    if isinstance(statement, ast.AnnAssign):
        raise CannotRewrite("it is declared once more with a type", statement.lineno, source.path)
    if immutable and isinstance(statement, ast.AugAssign) and adds_constant(statement):
        change = f"lambda value: value {_OPERATORS[type(statement.op)]} {source.slice(source.place(statement.value))}"
        yield Edit(source.place(statement), (*attribute, f".update({change})"))
    else:
        yield Edit(source.place(target), (*attribute, ".value"))


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&", ast.MatMult: "@",
}  # fmt: skip


def narrowed_at(source: SourceText, name: str, bindings: Collection[Binding]) -> int | None:
    """The line of an assignment after which the same function reads the attribute, which type checkers then narrow."""
    for function in source.nodes:
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            own = set(ast.walk(function))
            reads = [n for n in own if isinstance(n, ast.Attribute) and n.attr == name and isinstance(n.ctx, ast.Load)]
            for statement, _ in bindings:
                if statement in own and any(read.lineno > statement.lineno for read in reads):
                    return statement.lineno
    return None
