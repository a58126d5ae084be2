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
    for node, alone in sorted(_globals(source.tree, names), key=lambda found: found[0].lineno, reverse=True):
        place = source.place(node)
        start, end = source.offset(place.line, place.column), source.offset(place.end_line, place.end_column)
        kept = [name for name in node.names if name not in names]
        if kept:
            text = text[:start] + "global " + ", ".join(kept) + text[end:]
            continue
        first, last = source.starts[place.line - 1], source.starts[_last_line(source, node)]
        rest = source.text[end:last].strip()
        if alone or text[first:start].strip() or rest.startswith(";"):
            text = text[:start] + "pass" + text[end:]
        elif not rest or _DIRECTIVE.match(rest):
            text = text[:first] + text[last:]
        else:
            text = text[:start] + text[end:].lstrip(" \t")  # a comment of its own
    return text


def global_lines(source: SourceText, names: Collection[str]) -> list[Lines]:
    """The lines that may differ because of the `global` statements that hold one of the names."""
    return [(node.lineno, _last_line(source, node)) for node, _ in _globals(source.tree, names)]


def _last_line(source: SourceText, node: ast.Global) -> int:
    """The statement's last line, or the blank one below where it would open a block or meet another."""
    last = node.end_lineno or node.lineno
    above = source.lines[node.lineno - 2].strip()
    opens = any(function.body[0] is node for function in _functions(source.tree))
    blank_below = last < len(source.lines) and not source.lines[last].strip()
    return last + 1 if blank_below and (opens or not above) else last


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _globals(tree: ast.Module, names: Collection[str]) -> Iterator[tuple[ast.Global, bool]]:
    """Each such statement, and whether its block holds nothing else."""
    for parent in ast.walk(tree):
        for block in ("body", "orelse", "finalbody"):
            found = getattr(parent, block, None)
            statements = found if isinstance(found, list) else []
            for node in statements:
                if isinstance(node, ast.Global) and set(node.names) & set(names):
                    yield node, len(statements) == 1
