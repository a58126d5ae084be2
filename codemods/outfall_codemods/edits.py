"""Edits as splices of text: everything outside a splice stays byte for byte what it was.

A swap of a declaration needs no new tree: its place is known from the facts, so the change is
cut into the text, the result is parsed and compared by `verify`. (Removing guards changes
structure; that is done on libcst trees, see `remove.guards`.)
"""

from __future__ import annotations

import ast
import json
import re
from bisect import bisect
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from outfall_lint.model import Place

from .alignment import realigned
from .global_statements import global_lines, without_globals
from .imports import Bound, bind_runtime_names
from .layout import layouts
from .splices import Splice, splice
from .text import Lines, SourceText
from .unused_imports import drop_unused_imports, top_after

_WORD = re.compile(r"[A-Za-z_]\w*")
_USUAL_LENGTH = 88


@dataclass(frozen=True, slots=True)
class RuntimeName:
    """A name of the runtime, which the module may have to call otherwise."""

    name: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The text of another place, with what any plan edits in it; the place itself is replaced by some edit."""

    place: Place


Part = str | RuntimeName | Moved


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `parts` in the place of a stretch of text; an empty stretch is an insertion.

    With `whole`, what others edit within the place is void: nothing of its text stays but what moves.
    """

    place: Place
    parts: tuple[Part, ...]
    whole: bool = False

    @property
    def runtime_names(self) -> set[str]:
        return {part.name for part in self.parts if isinstance(part, RuntimeName)}


@dataclass(frozen=True, slots=True)
class Edited:
    """A file's new text, and the lines of the old one that may differ."""

    text: str
    spans: tuple[Lines, ...] | None  # None: any line (a change of structure)


def quoted(text: str) -> str:
    """`text` as a Python literal in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def edited(
    source: SourceText,
    edits: Sequence[Edit],
    unbound: Collection[str] = (),
    line_length: int | None = None,
    own: Collection[str] = (),
    exported: bool = False,
    taken: Collection[str] = (),
) -> Edited:
    """Carry out the edits, bind the runtime's names, drop the imports that this orphans.

    `unbound` are names that no function binds any more: their `global` goes. `line_length` is
    the project's own limit; without one it is the length that one line in a hundred exceeds. `own` are the
    project's packages, by the names that `import` knows them by. `exported`: other modules import everything from this one;
    `taken` are the names that they take from it.
    """
    edits = list(_together(edits, source.newline * 3))
    names = sorted({name for edit in edits for name in edit.runtime_names})
    bound = bind_runtime_names(source, names, _first_executed(source, edits), own, exported) if names else Bound({}, None)
    splices = _spliced(source, edits, bound)
    shifted = realigned(source, splices)
    if bound.edit:
        splices.insert(0, Splice(bound.edit.start, bound.edit.end, bound.edit.text))
    splices += shifted
    after = SourceText(source.path, splice(source.text, splices))
    if unbound:
        after = SourceText(source.path, without_globals(after, unbound))
    text, _ = drop_unused_imports(after, replaced_words(source, edits) - set(taken))
    after = after if text == after.text else SourceText(source.path, text)
    spans = [(edit.place.line, edit.place.end_line) for edit in edits]
    spans += [bound.edit.lines] if bound.edit else []
    spans += [(line, line) for line in (bisect(source.starts, each.start) for each in shifted)]
    spans += global_lines(source, unbound)
    spans += _shortened_imports(source, after)
    found = list(_layouts(source, after, set(bound.names.values()), line_length))
    if found:
        text = splice(text, found)
        spans += _declarations(source, edits)
    return Edited(text, tuple(spans))


def replaced_words(source: SourceText, edits: Sequence[Edit]) -> set[str]:
    """The words of the text that edits take the place of: what may be left without a use."""
    return {word for edit in edits for word in _WORD.findall(source.slice(edit.place))}


def _together(edits: Sequence[Edit], gap: str) -> Iterator[Edit]:
    """The edits, of which those that declare something at one place leave the blank lines to the last."""
    last = {edit.place: number for number, edit in enumerate(edits) if edit.parts[-1:] == (gap,)}
    for number, edit in enumerate(edits):
        followed = edit.parts[-1:] == (gap,) and last[edit.place] > number
        yield replace(edit, parts=(*edit.parts[:-1], gap[: len(gap) // 3])) if followed else edit


def _layouts(before: SourceText, after: SourceText, called: Collection[str], line_length: int | None) -> Iterator[Splice]:
    """The layouts of what stands on lines that the edits have made."""
    known = set(before.lines)
    fresh = {number for number, line in enumerate(after.lines, start=1) if line not in known}
    lengths = sorted(len(line.rstrip()) for line in before.lines)
    usual = lengths[len(lengths) * 99 // 100] if lengths else 0
    return layouts(after, called, fresh, line_length or max(usual, _USUAL_LENGTH))


def _declarations(source: SourceText, edits: Sequence[Edit]) -> list[Lines]:
    """The lines of the simple statements in which an edit puts a runtime name."""
    lines = {edit.place.line for edit in edits if edit.runtime_names}
    simple = (node for node in chain.from_iterable(source.blocks) if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)))
    stretches = ((node.lineno, node.end_lineno or node.lineno) for node in simple)
    return [(first, last) for first, last in stretches if any(first <= line <= last for line in lines)]


def _first_executed(source: SourceText, edits: Sequence[Edit]) -> int:
    """The line of the first module-level statement that needs a runtime name: the import must run before it."""
    first = min(edit.place.line for edit in edits if edit.runtime_names)
    return next((s.lineno for s in source.tree.body if s.lineno <= first <= (s.end_lineno or 0)), first)


def _spliced(source: SourceText, edits: Sequence[Edit], bound: Bound) -> list[Splice]:
    """The edits as splices; those within a stretch that moves take place where it goes to."""
    moved = [part.place for edit in edits for part in edit.parts if isinstance(part, Moved)]
    inner = {place: [edit for edit in edits if _within(edit.place, place)] for place in moved}

    def written(edit: Edit) -> Splice:
        return Splice(*_offsets(source, edit.place), "".join(map(text_of, edit.parts)))

    def text_of(part: Part) -> str:
        if isinstance(part, RuntimeName):
            return bound.names[part.name]
        return part if isinstance(part, str) else _moved(source, part.place, [written(edit) for edit in inner[part.place]])

    gone = {edit for each in inner.values() for edit in each}
    gone |= {edit for outer in edits if outer.whole for edit in edits if edit is not outer and _inside(edit.place, outer.place)}
    return [written(edit) for edit in edits if edit not in gone]


def _moved(source: SourceText, place: Place, splices: Sequence[Splice]) -> str:
    start, end = _offsets(source, place)
    return splice(source.text[start:end], [Splice(each.start - start, each.end - start, each.text) for each in splices])


def _within(inner: Place, outer: Place) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _inside(inner: Place, outer: Place) -> bool:
    """Whether a place goes with another one; what is put before or behind that one stays."""
    begins, ends = (inner.line, inner.column), (inner.end_line, inner.end_column)
    beside = begins == ends and begins in ((outer.line, outer.column), (outer.end_line, outer.end_column))
    return _within(inner, outer) and not beside


def _offsets(source: SourceText, place: Place) -> tuple[int, int]:
    return source.offset(place.line, place.column), source.offset(place.end_line, place.end_column)


def _shortened_imports(before: SourceText, after: SourceText) -> list[Lines]:
    """The lines, in the text before, of the imports that have lost a name."""
    kept = {name for node in after.tree.body for name in _imported(node)}
    found: list[Lines] = []
    top = 1
    for node in before.tree.body:
        if set(_imported(node)) - kept:
            at_top, last = node.lineno == top, (node.end_lineno or 0) + 1
            top = top_after(before, node) if at_top else top
            found.append((node.lineno, max(last, top - 1) if at_top else last))
    return found


def _imported(node: ast.stmt) -> list[str]:
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        return []
    return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
