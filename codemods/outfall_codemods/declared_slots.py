"""The declaration of a global, written as the declaration of a slot: where the name stays, or beside a module property."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from outfall_lint.model import Place, State

from .edits import Edit, RuntimeName, quoted
from .global_uses import GlobalUses
from .slot_declarations import first_binder
from .slot_edits import CannotRewrite, assigned_value, end_of, end_of_line, first_line, start_of
from .text import SourceText
from .value_types import is_type

_NEEDLESS = re.compile(r"\s*#\s*type:\s*ignore(\[assignment\])?\s*")
_TYPE_COMMENT = re.compile(r"\s*#\s*type:\s*+(?!ignore\b)([^#\r\n]*[^#\s])")


def made_first(state: State, source: SourceText, uses: GlobalUses, slot: str) -> Edit:
    """An empty slot, above the first function that gives the name a value, and above the comments that lead to it."""
    line = _above_headings(source, first_line(source, first_binder(source.tree, uses)))
    place = Place(source.path, line, 0, line, 0)
    visible = _property(source, state, slot, "") if slot != state.local_name else ()
    made = (f"{slot} = ", RuntimeName("Slot"), f"({quoted(state.name)}, ", RuntimeName("UNSET"), ")")
    return Edit(place, (*made, *visible, source.newline * 3))


def _above_headings(source: SourceText, line: int) -> int:
    """The first line of the comments above `line` that blank lines set apart from all code; not what a file begins with."""
    first, number = line, line - 1
    while number > 0 and (not source.lines[number - 1].strip() or source.lines[number - 1].startswith("#")):
        if source.lines[number - 1].strip() and number > 1 and not source.lines[number - 2].strip():
            first = number
        number -= 1
    return first if number > 0 else line


def declared(state: State, source: SourceText, node: ast.Assign | ast.AnnAssign, slot: str, typed: bool) -> list[Edit]:
    """`N = 0` → `N = Slot("app.N", 0)`; a property's slot has a name of its own. `typed`: another statement tells the type."""
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return _filled(state, source, node, slot)
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    value, brackets = assigned_value(source, node, target)
    statement, visible, described = source.place(node), slot != state.local_name, _described(source, node)
    indent = source.lines[statement.line - 1][: statement.column]
    edits = [
        Edit(start_of(value), (RuntimeName("Slot"), f"({quoted(state.name)}, " + "(" * brackets)),
        Edit(end_of(value), (")" + ")" * brackets,)),
        *_type_comment(source, node),
    ]
    if visible:
        edits.append(Edit(end_of_line(source, described), _property(source, state, slot, indent)))
        told = source.slice(source.place(node.annotation)) if isinstance(node, ast.AnnAssign) else _plain_type(source, node.value)
        told = None if typed else told
        kept = f"{state.local_name}: {told}{source.newline}{indent}" if told else ""
        edits.append(Edit(source.place(target), (kept + slot,)))
    if isinstance(node, ast.AnnAssign):
        edits += of_slot(source, node)
    edits += needless_ignore(source, node)
    if indent.strip() or _shares_line(source, node):
        raise CannotRewrite("its declaration shares a line with other statements", node.lineno)
    return edits


def _filled(state: State, source: SourceText, node: ast.AnnAssign, slot: str) -> list[Edit]:
    """`N: int` → `N: Slot[int] = Slot("app.N", UNSET)`; above a property, the line stays to tell its type."""
    if _shares_line(source, node) or source.lines[node.lineno - 1][: node.col_offset].strip():
        raise CannotRewrite("its declaration shares a line with other statements", node.lineno)
    made = (RuntimeName("Slot"), f"({quoted(state.name)}, ", RuntimeName("UNSET"), ")")
    if slot == state.local_name:
        return [*of_slot(source, node), Edit(end_of(source.place(node)), (" = ", *made))]
    of_slot(source, node)
    told = source.slice(source.place(node.annotation))
    head = (f"{source.newline}{slot}: ", RuntimeName("Slot"), f"[{told}] = ")
    return [Edit(end_of_line(source, _described(source, node)), (*head, *made, *_property(source, state, slot, "")))]


def of_slot(source: SourceText, node: ast.AnnAssign) -> list[Edit]:
    """The type that is told of the value, told of its slot; raises CannotRewrite for what Python takes for no type: `(int, str)`."""
    if not is_type(node.annotation):
        raise CannotRewrite("its annotation is no type that a slot could be of", node.lineno)
    annotation = source.place(node.annotation)
    return [Edit(start_of(annotation), (RuntimeName("Slot"), "[")), Edit(end_of(annotation), ("]",))]


def _plain_type(source: SourceText, value: ast.expr) -> str | None:
    """The type that the value plainly has, where the module tells types: checkers cannot see a module property."""
    functions = (n for n in source.nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    if not any(function.returns for function in functions):
        return None
    if isinstance(value, ast.Constant) and isinstance(value.value, (bool, int, float, str, bytes)):
        return type(value.value).__name__
    classes = {node.name for node in source.tree.body if isinstance(node, ast.ClassDef)}
    made = value.func if isinstance(value, ast.Call) else None
    return made.id if isinstance(made, ast.Name) and made.id in classes else None


def _type_comment(source: SourceText, node: ast.stmt) -> Iterator[Edit]:
    """`# type: int` → `# type: Slot[int]`: it would tell checkers of the value, where the slot is."""
    place = source.place(node)
    rest = source.lines[place.end_line - 1][place.end_column :]
    found = _TYPE_COMMENT.match(rest)
    if found and isinstance(node, ast.Assign):
        start, end = (replace(end_of(place), column=place.end_column + at, end_column=place.end_column + at) for at in found.span(1))
        yield Edit(start, (RuntimeName("Slot"), "["))
        yield Edit(end, ("]",))


def needless_ignore(source: SourceText, node: ast.stmt) -> Iterator[Edit]:
    """`x: int = None  # type: ignore` loses its comment, which checkers may report: a slot without a value is of any type."""
    place = source.place(node)
    rest = source.lines[place.end_line - 1][place.end_column :].rstrip("\r\n")
    empty = isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant) and node.value.value is None
    if empty and _NEEDLESS.fullmatch(rest):
        yield Edit(replace(end_of(place), end_column=place.end_column + len(rest)), ())


def _described(source: SourceText, node: ast.stmt) -> ast.stmt:
    """The string right below a declaration that describes it; else the declaration itself."""
    following = next((n for n in source.tree.body if n.lineno == (node.end_lineno or 0) + 1), None)
    if not isinstance(following, ast.Expr) or not isinstance(following.value, ast.Constant) or _shares_line(source, following):
        return node
    return following if isinstance(following.value.value, str) else node


def _property(source: SourceText, state: State, slot: str, indent: str) -> tuple[str | RuntimeName, ...]:
    call = f"(__name__, {quoted(state.local_name)}, {slot})"
    return source.newline + indent, RuntimeName("module_property"), call


def _shares_line(source: SourceText, node: ast.stmt) -> bool:
    place = source.place(node)
    rest = source.lines[place.end_line - 1][place.end_column :].strip()
    return bool(rest) and not rest.startswith("#")
