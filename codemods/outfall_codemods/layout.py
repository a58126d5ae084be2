"""What was written and grew too long, or lost its alignment, is laid out over several lines.

    X: dict[str, int] = StagedRegistry(
        "app.X",
        {
            "a": 1,
        },
    )
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Collection, Iterator
from itertools import chain

from .import_places import RUNTIME
from .long_lines import broken, comment_above, counts_lines
from .splices import Splice
from .text import SourceText

_OPENERS = ("(", "[", "{")


def layouts(source: SourceText, called: Collection[str], fresh: Collection[int], limit: int) -> Iterator[Splice]:
    """A layout for each statement on a `fresh` line that needs one; calls of one of the names are laid out by their arguments."""
    fixed = counts_lines(source)
    for statement in chain.from_iterable(source.blocks):
        if isinstance(statement, ast.ImportFrom) and statement.lineno in fresh and statement.module == RUNTIME:
            yield from _import_layout(source, statement, limit)
        call = _call_of(statement, called) if source.stands_alone(statement) else None
        if call is not None and call.lineno in fresh:
            found = comment_above(source, call, limit) or _layout(source, call, limit)
        else:
            found = broken(source, statement, limit) if statement.lineno in fresh and not fixed else None
        if found is not None:
            yield found


def _call_of(statement: ast.stmt, called: Collection[str]) -> ast.Call | None:
    """The call of one of the names that is all of the statement's value."""
    value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr)) else None
    ours = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in called
    return value if ours and isinstance(value, ast.Call) else None


def _import_layout(source: SourceText, statement: ast.ImportFrom, limit: int) -> Iterator[Splice]:
    text = source.slice(source.place(statement))
    head, _, names = text.partition(" import ")
    if len(text) <= limit or "(" in text or source.newline == "\r":
        return
    listed = "".join(f"    {name.strip()},{source.newline}" for name in names.split(","))
    start = source.starts[statement.lineno - 1]
    yield Splice(start, start + len(text), f"{head} import ({source.newline}{listed})")


def _layout(source: SourceText, call: ast.Call, limit: int) -> Splice | None:
    parts = _arguments(source, call)
    line = source.lines[call.lineno - 1].rstrip("\r\n")
    if parts is None or source.newline == "\r" or not (len(line) > limit or any(_is_aligned(part) for part, _ in parts)):
        return None
    indent = line[: len(line) - len(line.lstrip())]
    inner = indent + ("\t" if "\t" in indent else "    ")
    joined = ", ".join(part for part, _ in parts)
    if "\n" not in joined and len(inner) + len(joined) <= limit:
        body = inner + joined + source.newline
    else:
        body = "".join(f"{inner}{_shifted(part, indent, inner, column)},{source.newline}" for part, column in parts)
    place = source.place(call)
    start = source.offset(place.line, place.column) + len(source.slice(source.place(call.func)))
    end = source.offset(place.end_line, place.end_column)
    return Splice(start, end, f"({source.newline}{body}{indent})")


def _arguments(source: SourceText, call: ast.Call) -> list[tuple[str, int]] | None:
    """The texts of the arguments, each with its column; None where anything but commas stands between them."""
    nodes: list[ast.expr | ast.keyword] = sorted((*call.args, *call.keywords), key=lambda node: (node.lineno, node.col_offset))
    end = source.place(call.func)
    reached = source.offset(end.end_line, end.end_column)
    parts = []
    for number, node in enumerate(nodes):
        place = source.place(node)
        start = source.offset(place.line, place.column)
        if source.text[reached:start].split() != ["," if number else "("]:
            return None
        reached = source.offset(place.end_line, place.end_column)
        parts.append((source.text[start:reached], place.column))
    last = source.place(call)
    rest = source.text[reached : source.offset(last.end_line, last.end_column)].split()
    return parts if nodes and rest in ([")"], [",", ")"], [",)"]) else None


def _is_aligned(part: str) -> bool:
    """Whether lines of the part stand below something in its first line, which has moved."""
    return bool(_free_lines(part)) and not _hugs(part)


def _hugs(part: str) -> bool:
    """Whether the first line ends with a bracket, so that the others are indented from the statement."""
    first = part.split("\n", 1)[0].partition("  #")[0]
    return first.rstrip().endswith(_OPENERS)


def _free_lines(part: str) -> set[int]:
    """The indices of the lines, after the first, that do not begin inside a string."""
    inside: set[int] = set()
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(f"({part}\n)").readline):
        name = tokenize.tok_name[token.type]
        if name == "FSTRING_START":
            begun.append(token.start[0])
        first = begun.pop() if name == "FSTRING_END" else token.start[0] if name == "STRING" else token.end[0]
        inside.update(range(first, token.end[0]))
    return {index for index in range(1, part.count("\n") + 1) if index not in inside}


def _shifted(part: str, indent: str, inner: str, column: int) -> str:
    """The part, which began in that column, with its later lines moved as far as its first one is."""
    lines, free = part.split("\n"), _free_lines(part)
    if not free:
        return part
    first = lines[min(free)]
    width = len(first) - len(first.lstrip())
    if _hugs(part):
        by = len(inner) - len(indent)
    else:  # lines that stand left of the part are aligned with nothing in it
        by = len(inner) - column if width > column else len(inner) + 1 - width
    for index in free:
        line = lines[index]
        if line.strip() and by >= 0:
            lines[index] = (inner[:1] if "\t" in inner else " ") * by + line
        elif line.strip():
            lines[index] = line[min(-by, len(line) - len(line.lstrip())) :]
    return "\n".join(lines)
