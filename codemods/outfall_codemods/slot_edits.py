"""The accesses of a global, written as accesses of a slot: each form of statement in its own way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from outfall_lint.model import Place

from .edits import Edit
from .global_uses import Binding
from .names import module_names
from .text import SourceText, first_of

_EQUALS = re.compile(r"(?:\s|\\\r?\n)*=(?:[ \t]|\\\r?\n)*")
_OPERATOR = re.compile(r"\s*(\S+?)=\s*")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class CannotRewrite(Exception):
    """A use that has no sound form with a slot: the reason, and the line where it stands; the path where that is another file."""

    def __init__(self, reason: str, line: int, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.path = path


def load_edits(source: SourceText, loads: Sequence[ast.Name], read: str) -> Iterator[Edit]:
    """`NAME` → `read`, such as `slot.value`."""
    for load in loads:
        place = source.place(load)
        if source.slice(place) != load.id:
            raise CannotRewrite("it is read inside an f-string whose places Python does not tell", load.lineno)
        require_not_shown(source, load)
        yield Edit(place, (read,))


def require_not_shown(source: SourceText, node: ast.expr) -> None:
    """Raise CannotRewrite for a use whose text is part of what the program says."""
    if node in source.shown:
        raise CannotRewrite("an f-string shows its name", node.lineno)


def binding_edits(source: SourceText, binding: Binding, name: str, slot: str, immutable: bool) -> Iterator[Edit]:
    """A statement that binds or deletes the global `name`: the slot's value is as good a target in every form.

    `N += 1` becomes one step, which no other thread can come between, where all its values are `immutable`.
    """
    node = binding.statement
    if isinstance(node, ast.AnnAssign):
        raise CannotRewrite("it is declared once more with a type", node.lineno)
    if immutable and isinstance(node, ast.AugAssign) and adds_constant(node):
        yield from _updated(source, node, binding.names[0], slot)
        return
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from _imported(source, node, name, slot)
        return
    for target in binding.names:
        yield Edit(source.place(target), (f"{slot}.value",))


def _imported(source: SourceText, node: ast.Import | ast.ImportFrom, name: str, slot: str) -> Iterator[Edit]:
    """`import json as NAME` → `import json as imported_name`, and below it `slot.value = imported_name`."""
    alias = next(each for each in node.names if (each.asname or each.name.partition(".")[0]) == name)
    if isinstance(node, ast.Import) and not alias.asname and "." in alias.name:
        raise CannotRewrite("it is bound by the import of a module within it", node.lineno)
    place = source.place(node)
    indent = source.lines[place.line - 1][: place.column]
    rest = source.lines[place.end_line - 1][place.end_column :].strip()
    if indent.strip() or (rest and not rest.startswith("#")):
        raise CannotRewrite("it is bound by an import that shares its line with other statements", node.lineno)
    local = free_name(source, f"imported_{_stem(name)}")
    yield Edit(source.place(alias), (f"{alias.name} as {local}",))
    yield Edit(end_of_line(source, node), (f"{source.newline}{indent}{slot}.value = {local}",))


def assigned_value(source: SourceText, node: ast.Assign | ast.AnnAssign, target: ast.expr) -> tuple[Place, bool]:
    """The stretch from behind the equals sign to the end of the statement; whether it needs brackets as an argument."""
    after = target if isinstance(node, ast.Assign) else node.annotation
    start = _after_equals(source, source.place(after), isinstance(node, ast.AnnAssign))
    end = source.place(node)
    place = _between(source, start, source.offset(end.end_line, end.end_column))
    return place, _needs_brackets(source.slice(place))


def adds_constant(node: ast.AugAssign) -> bool:
    """Whether a constant is added, which no other thread can change meanwhile: `N += 1`."""
    return isinstance(node.value, ast.Constant) and isinstance(node.value.value, (int, float, str))


def _updated(source: SourceText, node: ast.AugAssign, name: ast.Name, slot: str) -> Iterator[Edit]:
    operator = _operator(source, name)
    yield Edit(source.place(node), (f"{slot}.update(lambda value: value {operator} {source.slice(source.place(node.value))})",))


def free_name(source: SourceText, wanted: str) -> str:
    """`wanted`, or a variation that nothing in the module is called."""
    taken = source.bound
    stem = wanted.lstrip("_")
    hidden = wanted[: len(wanted) - len(stem)]
    while hidden + stem in taken:
        stem = f"{stem}_" if stem.startswith("new_") else f"new_{stem}"
    return hidden + stem


def slot_name(source: SourceText, name: str) -> str:
    """What the slot behind a global is called: `_timeout_slot`, and `_timeout_slot_2` where `TIMEOUT` and `_timeout` both have one."""
    alike = sorted(each for each in module_names(source.tree) if _stem(each) == _stem(name))
    number = alike.index(name) if name in alike else 0
    return free_name(source, usual_slot_name(name) + (f"_{number + 1}" if number else ""))


def usual_slot_name(name: str) -> str:
    """What the slot behind a global is called where nothing else is."""
    return f"_{_stem(name)}_slot"


def _stem(name: str) -> str:
    return _HUMP.sub("_", name.strip("_")).lower()


def _operator(source: SourceText, name: ast.Name) -> str:
    place = source.place(name)
    found = _OPERATOR.match(source.text, source.offset(place.end_line, place.end_column))
    if found is None:
        raise CannotRewrite("its augmented assignment is written across lines", name.lineno)
    return found.group(1)


def _after_equals(source: SourceText, target: Place, annotated: bool) -> int:
    """The offset behind the equals sign that follows a target, brackets around the target or type skipped."""
    offset = source.offset(target.end_line, target.end_column)
    while source.text[offset : offset + 1] == ")":
        if not annotated:
            raise CannotRewrite("its name stands in brackets where it is bound", target.line)
        offset += 1
    found = _EQUALS.match(source.text, offset)
    if found is None:
        raise CannotRewrite("it is bound in an unusual way", target.line)
    return found.end()


def _needs_brackets(text: str) -> bool:
    """Whether the text, as the only argument of a call, would be something else."""
    try:
        call = ast.parse(f"f({text}\n)", mode="eval").body
    except SyntaxError:
        return True
    assert isinstance(call, ast.Call)
    return len(call.args) != 1 or bool(call.keywords) or isinstance(call.args[0], ast.Starred)


def _between(source: SourceText, start: int, end: int) -> Place:
    first, last = _position(source, start), _position(source, end)
    return Place(source.path, *first, *last)


def _position(source: SourceText, offset: int) -> tuple[int, int]:
    line = next(i for i in range(len(source.starts) - 1, -1, -1) if source.starts[i] <= offset)
    line = min(line, len(source.lines) - 1)
    return line + 1, offset - source.starts[line]


def first_line(source: SourceText, statement: ast.stmt) -> int:
    """The line where a statement begins, its decorators and the comments above it included."""
    line = first_of(statement)
    while line > 1 and source.lines[line - 2].lstrip().startswith("#"):
        line -= 1
    return line


def end_of_line(source: SourceText, statement: ast.stmt) -> Place:
    """The empty stretch at the end of the line on which a statement ends, behind a comment."""
    place = source.place(statement)
    column = len(source.lines[place.end_line - 1].rstrip("\r\n"))
    return replace(place, line=place.end_line, column=column, end_column=column)


def start_of(place: Place) -> Place:
    """The empty stretch before a place."""
    return replace(place, end_line=place.line, end_column=place.column)


def end_of(place: Place) -> Place:
    """The empty stretch after a place."""
    return replace(place, line=place.end_line, column=place.end_column)
