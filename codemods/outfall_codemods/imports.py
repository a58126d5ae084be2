"""Imports of the runtime: where the one line goes, what names it may bind, what it makes unused."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from .names import bound_names, used_names
from .text import Lines, SourceText

RUNTIME = "outfall_runtime"
_IMPORT = re.compile(r"\b(import)\b")
PREFIX = "Outfall"  # of the alias where a name is taken: `Registry as OutfallRegistry`


@dataclass(frozen=True, slots=True)
class ImportEdit:
    """Replace the characters from `start` to `end`; `lines` are those that may differ."""

    start: int
    end: int
    text: str
    lines: Lines


@dataclass(frozen=True, slots=True)
class Bound:
    """What each runtime name is called in the module, and the edit that binds those not yet bound."""

    names: Mapping[str, str]
    edit: ImportEdit | None


def runtime_names(tree: ast.Module) -> dict[str, str]:
    """Local name -> runtime name, for every import from the runtime at module level."""
    found: dict[str, str] = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.ImportFrom) and statement.module == RUNTIME and not statement.level:
            found |= {alias.asname or alias.name: alias.name for alias in statement.names}
    return found


def bind_runtime_names(source: SourceText, wanted: Sequence[str], before_line: int) -> Bound:
    """Bind the `wanted` runtime names so that they exist before `before_line` runs.

    An import that is already there is used or extended; a taken name gets an alias.
    """
    existing = _runtime_import(source.tree, before_line)
    known = {alias.name: alias.asname or alias.name for alias in existing.names} if existing else {}
    taken = {*source.bound, *dir(builtins)}
    starred = any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in source.nodes)
    missing = [name for name in wanted if name not in known]
    fresh = {name: _free(name, taken, starred) for name in missing}
    names = {name: {**known, **fresh}[name] for name in wanted}
    if not missing:
        return Bound(names, None)
    if existing and "#" in source.slice(source.place(existing)):
        return Bound(names, _appended(source, existing, _in_order(fresh.items())))
    if existing:
        merged = [(alias.name, alias.asname or alias.name) for alias in existing.names] + list(fresh.items())
        return Bound(names, _replaced(source, existing, _in_order(merged)))
    return Bound(names, _inserted(source, _statement(_in_order(fresh.items())), before_line))


_DISTINCT = re.compile(r"Staged|module_property$|class_slot$|slot_of$")
"""Names that an `import *` will hardly bring."""


def _free(name: str, taken: set[str], starred: bool) -> str:
    if name not in taken and (not starred or _DISTINCT.match(name)):
        return name
    alias = PREFIX + name if name[:1].isupper() else f"{PREFIX.lower()}_{name}"
    while alias in taken:
        alias += "_"
    return alias


def _in_order(names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Constants, classes, functions, as import sorters have them."""
    return sorted(names, key=lambda pair: (not pair[0].isupper(), pair))


def _statement(names: Sequence[tuple[str, str]]) -> str:
    return f"from {RUNTIME} import {_listed(names)}"


def _listed(names: Sequence[tuple[str, str]]) -> str:
    return ", ".join(name if name == local else f"{name} as {local}" for name, local in names)


def _runtime_import(tree: ast.Module, before_line: int) -> ast.ImportFrom | None:
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == RUNTIME and statement.lineno < before_line:
            return statement
    return None


def _replaced(source: SourceText, statement: ast.ImportFrom, names: Sequence[tuple[str, str]]) -> ImportEdit:
    place = source.place(statement)
    start = source.offset(place.line, place.column)
    end = source.offset(place.end_line, place.end_column)
    return ImportEdit(start, end, _statement(names), (place.line, place.end_line))


def _appended(source: SourceText, statement: ast.ImportFrom, names: Sequence[tuple[str, str]]) -> ImportEdit:
    """Behind the last name, where the statement holds comments: they stay with the names that they are beside."""
    place = source.place(statement.names[-1])
    end = source.offset(place.end_line, place.end_column)
    return ImportEdit(end, end, f", {_listed(names)}", (place.line, place.end_line))


def _inserted(source: SourceText, statement: str, before_line: int) -> ImportEdit:
    """A new line in the block that holds most imports, in its section; else below the docstring."""
    end = source.newline
    blocks = list(_import_blocks(source.tree.body, before_line))
    if not blocks:
        return _below_docstring(source, statement)
    block = max(blocks, key=lambda b: sum(len(s.names) for s in b))
    own = {part.partition(".")[0] for part in source.path.split("/")}
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
    """The section of an import; `own` are the names below which the module itself may be imported."""
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
    blank = "" if line <= len(source.lines) and not source.lines[line - 1].strip() else end
    return _at(source, line, statement + end + blank)


def _at(source: SourceText, line: int, text: str) -> ImportEdit:
    """Insert whole lines before `line`; a last line without its end gets one first."""
    offset = source.starts[min(line, len(source.lines) + 1) - 1]
    unended = offset and source.text[offset - 1] not in "\r\n"
    return ImportEdit(offset, offset, (source.newline if unended else "") + text, (max(line - 1, 0), line))


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
        if len(kept) == len(node.names) or (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
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
