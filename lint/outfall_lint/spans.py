"""Where nodes stand, in characters."""

from __future__ import annotations

import ast
from collections.abc import Callable
from operator import attrgetter

from outfall_lint.facts import Span
from outfall_lint.source import split_lines

SpanOf = Callable[[ast.AST], Span]
"""The span of a node that has a position."""

_in_bytes: SpanOf = attrgetter("lineno", "col_offset", "end_lineno", "end_col_offset")


def spans_of(text: str) -> SpanOf:
    """What gives the spans of the nodes of a text. `ast` counts UTF-8 bytes: in lines beyond ASCII they are converted."""
    if text.isascii():
        return _in_bytes
    lines = split_lines(text)

    def in_characters(node: ast.AST) -> Span:
        line, column, end_line, end_column = _in_bytes(node)
        return (line, _characters(lines, line, column), end_line, _characters(lines, end_line, end_column))

    return in_characters


def _characters(lines: list[str], line: int, offset: int) -> int:
    if line > len(lines):
        return offset
    text = lines[line - 1]
    return offset if text.isascii() else len(text.encode("utf-8")[:offset].decode("utf-8", "replace"))
