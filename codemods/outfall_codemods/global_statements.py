"""`global` statements lose the names that nothing binds any more."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from .text import Lines, SourceText


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
        first, last = source.starts[place.line - 1], source.starts[place.end_line]
        lonely = not text[first:start].strip() and not source.text[end:last].strip()
        text = text[:first] + text[last:] if lonely and not alone else text[:start] + "pass" + text[end:]
    return text


def global_lines(source: SourceText, names: Collection[str]) -> list[Lines]:
    """The lines of the `global` statements that hold one of the names."""
    return [(node.lineno, node.end_lineno or node.lineno) for node, _ in _globals(source.tree, names)]


def _globals(tree: ast.Module, names: Collection[str]) -> Iterator[tuple[ast.Global, bool]]:
    """Each such statement, and whether its block holds nothing else."""
    for parent in ast.walk(tree):
        for block in ("body", "orelse", "finalbody"):
            found = getattr(parent, block, None)
            statements = found if isinstance(found, list) else []
            for node in statements:
                if isinstance(node, ast.Global) and set(node.names) & set(names):
                    yield node, len(statements) == 1
