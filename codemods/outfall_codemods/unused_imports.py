"""Imports that a change has left without a use."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import takewhile

from .names import used_names
from .text import Lines, SourceText

_NOQA = re.compile(r"#\s*noqa\b(?!\s*:(?!.*F401))", re.IGNORECASE)
_IMPORT = re.compile(r"\b(import)\b")


def drop_unused_imports(source: SourceText, candidates: set[str]) -> tuple[str, list[Lines]]:
    """The text without module-level imports of the candidate names that nothing uses.

    The second value is the lines, of the given text, that went or changed.
    """
    imports = [node for node in source.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    if not any(_local(alias) in candidates for node in imports for alias in node.names):
        return source.text, []
    used = used_names(source.tree)
    starts: list[tuple[int, int, str]] = []
    lines: list[Lines] = []
    top = 1  # the first line that stays, as far as the loop has come
    for node in imports:
        kept = [a for a in node.names if (name := _local(a)) not in candidates or name in used]
        if len(kept) == len(node.names) or (isinstance(node, ast.ImportFrom) and node.module == "__future__") or _is_meant(source, node):
            continue
        starts.append(_without(source, node, kept, at_top=node.lineno == top))
        top = top if kept or node.lineno != top else top_after(source, node)
        lines.append((node.lineno, (node.end_lineno or 0) + 1))
    text = source.text
    for start, end, new in reversed(starts):
        text = text[:start] + new + text[end:]
    return text, lines


def _local(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _is_meant(source: SourceText, node: ast.Import | ast.ImportFrom) -> bool:
    """Whether the import says that it is for others, too: `import x as x`, `# noqa: F401`."""
    written = "".join(source.lines[node.lineno - 1 : node.end_lineno])
    return _NOQA.search(written) is not None or any(alias.asname == alias.name for alias in node.names)


def top_after(source: SourceText, node: ast.stmt) -> int:
    """The first line that stays where a statement on the first line goes with the blank lines below it."""
    last = node.end_lineno or node.lineno
    return last + 1 + blank_lines(source, last + 1)


def _without(
    source: SourceText, node: ast.Import | ast.ImportFrom, kept: Sequence[ast.alias], at_top: bool
) -> tuple[int, int, str]:
    """The stretch that an import's unused names take, and what stands there instead."""
    place = source.place(node)
    start, end = source.offset(place.line, place.column), source.offset(place.end_line, place.end_column)
    text = source.text[start:end]
    if kept:
        for alias in node.names:
            if alias not in kept:
                name = re.escape(alias.name) + (rf"\s+as\s+{alias.asname}" if alias.asname else "")
                head, word, tail = _IMPORT.split(text, maxsplit=1)
                shorter = re.sub(rf"(?<![\w.]){name}(?![\w.])\s*,\s*", "", tail, count=1)
                if shorter == tail:
                    shorter = re.sub(rf"\s*,\s*{name}(?![\w.])", "", tail, count=1)
                text = head + word + shorter
        return start, end, text
    whole = source.starts[place.line - 1]
    rest = source.text[end : source.starts[place.end_line]]
    if source.text[whole:start].strip() or rest.strip().startswith(";"):
        return start, end, "pass"
    return whole, source.starts[top_after(source, node) - 1] if at_top else _past_gap(source, place.line, place.end_line), ""


def _past_gap(source: SourceText, first: int, last: int) -> int:
    """The end of the removed lines; a blank line goes too where blank lines would meet."""
    lines = source.lines
    if not lines[first - 2].strip() and last < len(lines) and not lines[last].strip():
        last += 1
    return source.starts[last]


def blank_lines(source: SourceText, line: int) -> int:
    """How many blank lines there are from this one on."""
    return sum(1 for _ in takewhile(lambda text: not text.strip(" \t\r\n"), source.lines[line - 1 :]))
