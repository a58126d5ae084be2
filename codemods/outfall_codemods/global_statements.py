"""`global` statements lose the names that nothing binds any more."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from .text import Lines, SourceText

_DIRECTIVE = re.compile(r"#\s*(?:(?:noqa|nosec)\b|(?:pylint|pyright|ruff|flake8|type)\s*:)", re.IGNORECASE)
"""A comment that tells a tool how to take the statement, and goes with it."""


def without_globals(source: SourceText, names: Collection[str]) -> str:
    """The text without the names in its `global` statements; an emptied statement goes with its line."""
    text = source.text
    for node, alone in sorted(_globals(source, names), key=lambda found: found[0].lineno, reverse=True):
        place = source.place(node)
        start, end = source.offset(place.line, place.column), source.offset(place.end_line, place.end_column)
        kept = [name for name in node.names if name not in names]
        if kept:
            text = text[:start] + "global " + ", ".join(kept) + text[end:]
            continue
        first, last = source.starts[place.line - 1], source.starts[_last_line(source, node)]
        rest = source.text[end:last].strip()
        if rest.startswith(";") and rest[1:].strip() and not rest[1:].lstrip().startswith("#"):
            text = text[:start] + text[text.index(";", end) + 1 :].lstrip(" \t")
        elif alone or text[first:start].strip() or rest.startswith(";"):
            text = text[:start] + "pass" + text[end:]
        elif not rest or _DIRECTIVE.match(rest):
            text = text[:first] + text[last:]
        else:
            text = text[:start] + text[end:].lstrip(" \t")  # a comment of its own
    return text


def global_lines(source: SourceText, names: Collection[str]) -> list[Lines]:
    """The lines that may differ because of the `global` statements that hold one of the names."""
    return [(node.lineno, _last_line(source, node)) for node, _ in _globals(source, names)]


def _last_line(source: SourceText, node: ast.Global) -> int:
    """The statement's last line, or the blank one below where it would open a block or meet another."""
    last = node.end_lineno or node.lineno
    above = source.lines[node.lineno - 2].strip()
    functions = (n for n in source.nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    opens = any(function.body[0] is node for function in functions)
    blank_below = last < len(source.lines) and not source.lines[last].strip()
    return last + 1 if blank_below and (opens or not above) else last


def _globals(source: SourceText, names: Collection[str]) -> Iterator[tuple[ast.Global, bool]]:
    """Each such statement, and whether its block holds nothing else."""
    for block in source.blocks:
        for node in block:
            if isinstance(node, ast.Global) and set(node.names) & set(names):
                yield node, len(block) == 1
