"""Where a new import stands: in the block of imports that has most, in its section, where sorters would put it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .text import Lines, SourceText
from .unused_imports import blank_lines

RUNTIME = "outfall_runtime"


@dataclass(frozen=True, slots=True)
class ImportEdit:
    """Replace the characters from `start` to `end`; `lines` are those that may differ."""

    start: int
    end: int
    text: str
    lines: Lines


def inserted(source: SourceText, statement: str, before_line: int, own: Collection[str]) -> ImportEdit:
    """A new line in the block that holds most imports, in its section; else below the docstring.

    `own` are the project's packages, by the names that `import` knows them by.
    """
    end = source.newline
    blocks = list(_import_blocks(source.tree.body, before_line))
    if not blocks:
        return _below_docstring(source, statement)
    block = max(blocks, key=lambda b: sum(len(s.names) for s in b))
    sections = [_section(s, own) for s in block]
    spaced = len(set(sections)) == 1 or any(b.lineno > a.end_lineno + 1 for a, b in zip(block, block[1:]))
    index = _neighbour(block, sections)
    if index is None:
        gap = end if spaced and sections[0] != THIRD else ""
        below_future = end if _is_future(source.tree.body, block[0]) else ""
        return _at(source, block[0].lineno, below_future + statement + end + gap)
    after, following = block[index], block[index + 1] if index + 1 < len(block) else None
    if following is not None and sections[index] != THIRD and sections[index + 1] == THIRD:
        return _at(source, following.lineno, statement + end)
    gap_before = end if spaced and sections[index] != THIRD else ""
    tight = following is not None and sections[index + 1] != THIRD and following.lineno == after.end_lineno + 1
    return _at(source, after.end_lineno + 1, gap_before + statement + end + (end if spaced and tight else ""))


def _is_future(body: Sequence[ast.stmt], first: _Import) -> bool:
    """Whether the line above the import is one from `__future__`."""
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" and node.end_lineno == first.lineno - 1 for node in body
    )


class _Import(ast.stmt):
    """What `ast.Import` and `ast.ImportFrom` share, for the type checker."""

    names: list[ast.alias]
    end_lineno: int


FUTURE, STANDARD, THIRD, LOCAL = range(4)


def _section(statement: ast.stmt, own: Collection[str]) -> int:
    if isinstance(statement, ast.ImportFrom):
        if statement.level:
            return LOCAL
        root = (statement.module or "").partition(".")[0]
    else:
        assert isinstance(statement, ast.Import)
        root = statement.names[0].name.partition(".")[0]
    if root in own:
        return LOCAL
    return STANDARD if root in sys.stdlib_module_names else THIRD


def _neighbour(block: Sequence[ast.stmt], sections: Sequence[int]) -> int | None:
    """The index of the import after which ours goes; None: before the block's first."""
    before = None
    for index, (statement, section) in enumerate(zip(block, sections)):
        if section == STANDARD or (section == THIRD and _sorts_before(statement)):
            before = index
    return before


def _sorts_before(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import) or (isinstance(statement, ast.ImportFrom) and str(statement.module) < RUNTIME)


def _import_blocks(body: Sequence[ast.stmt], before_line: int) -> Iterator[list[_Import]]:
    """Runs of plain imports at module level that are executed before the line."""
    block: list[_Import] = []
    for statement in body:
        if (statement.end_lineno or 0) >= before_line:
            break
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if isinstance(statement, (ast.Import, ast.ImportFrom)) and not future:
            block.append(statement)  # type: ignore[arg-type]
        elif block:
            yield block
            block = []
    if block:
        yield block


def _below_docstring(source: SourceText, statement: str) -> ImportEdit:
    end = source.newline
    last = None
    for index, node in enumerate(source.tree.body):
        docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not docstring and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        last = node
    if last is not None:
        line = (last.end_lineno or 0) + 1
        tight = line <= len(source.lines) and source.lines[line - 1].strip()
        return _at(source, line, end + statement + end + (end if tight else ""))
    line = next((i for i, text in enumerate(source.lines, start=1) if not text.lstrip("\f").startswith("#")), 1)
    gap = blank_lines(source, line)
    return _at(source, line + min(gap, 1), statement + end + (end if gap < 2 else ""))


def _at(source: SourceText, line: int, text: str) -> ImportEdit:
    """Insert whole lines before `line`; a last line without its end gets one first."""
    offset = source.starts[min(line, len(source.lines) + 1) - 1]
    unended = offset and source.text[offset - 1] not in "\r\n"
    return ImportEdit(offset, offset, (source.newline if unended else "") + text, (max(line - 1, 0), line))
