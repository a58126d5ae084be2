"""Lines of one statement that grew too long are broken as formatters break them.

    supported.value = frozenset(
        list(translations.value) + [default.value]
    )
"""

from __future__ import annotations

import ast
import io
import re
import tokenize

from .splices import Splice
from .text import SourceText

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Assert)
_LINE_NUMBERS = re.compile(r"lineno|extract_stack|_getframe|currentframe|getframeinfo|getouterframes|inspect\.stack|co_lines|co_lnotab")
_PRAGMA = re.compile(r"#:?\s*(?:(?:noqa|nosec)\b|(?:pragma|pylint|pyright|mypy|ruff|flake8|isort|fmt|yapf|type)\s*:)", re.IGNORECASE)


def counts_lines(source: SourceText) -> bool:
    """Whether the module may look at its own line numbers, which more lines inside a function would shift."""
    return _LINE_NUMBERS.search(source.text) is not None


def broken(source: SourceText, statement: ast.stmt, limit: int) -> Splice | None:
    """The statement on three lines; None where it is short enough, shares its line, or would be too long all the same."""
    place = source.place(statement)
    line = source.lines[statement.lineno - 1].rstrip("\r\n")
    if not isinstance(statement, _SIMPLE) or place.line != place.end_line or len(line) <= limit or source.newline == "\r":
        return None
    code, indent = source.slice(place), line[: place.column]
    if indent.strip() or line[place.end_column :].strip():
        return None
    inner = indent + ("\t" if "\t" in indent else "    ")
    for head, body, tail in filter(None, (_in_last_brackets(code), _in_new_brackets(source, statement))):
        if max(len(indent + head), len(inner + body)) <= limit:
            start = source.offset(place.line, place.column)
            return Splice(start, start + len(code), f"{head}{source.newline}{inner}{body}{source.newline}{indent}{tail}")
    return None


def comment_above(source: SourceText, node: ast.expr, limit: int) -> Splice | None:
    """The line with the comment that makes it too long above it; None where that does not help, or the comment is for a tool."""
    place = source.place(node)
    line = source.lines[place.end_line - 1].rstrip("\r\n")
    code, comment = line[: place.end_column], line[place.end_column :].strip()
    if place.line != place.end_line or len(line) <= limit or len(code) > limit or not comment.startswith("#") or _PRAGMA.match(comment):
        return None
    indent = line[: len(line) - len(line.lstrip())]
    start = source.starts[place.line - 1]
    return Splice(start, start + len(line), f"{indent}{comment}{source.newline}{code}")


def _in_last_brackets(code: str) -> tuple[str, str, str] | None:
    """What stands before, in and behind the brackets that end the code, where they are those of a call or a display."""
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(code).readline) if t.string.strip()]
    depth = 0
    for number in range(len(tokens) - 1, 0, -1):
        depth += (tokens[number].string in (")", "]", "}")) - (tokens[number].string in ("(", "[", "{"))
        if depth == 0:
            break
    opening, before = tokens[number], tokens[number - 1]
    entry = opening.string == "[" and (before.type in (tokenize.NAME, tokenize.STRING) or before.string in (")", "]", "}"))
    at = opening.start[1]
    body = code[at + 1 : -1].strip()
    return None if number == len(tokens) - 1 or entry or not body else (code[: at + 1], body, code[-1])


def _in_new_brackets(source: SourceText, statement: ast.stmt) -> tuple[str, str, str] | None:
    """The value that is assigned or returned, in brackets of its own."""
    value = getattr(statement, "value", None)
    if not isinstance(statement, (ast.Assign, ast.Return)) or value is None or isinstance(value, (ast.Constant, ast.Tuple, ast.Yield, ast.YieldFrom)):
        return None
    body = source.slice(source.place(value))
    code = source.slice(source.place(statement))
    return (f"{code[: -len(body)]}(", body, ")") if code.endswith(body) else None
