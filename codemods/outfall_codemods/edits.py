"""Edits as splices of text: everything outside a splice stays byte for byte what it was.

A swap of a declaration needs no new tree: its place is known from the facts, so the change is
cut into the text, the result is parsed and compared by `verify`. (Removing guards changes
structure; that is done on libcst trees, see `remove.guards`.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outfall_lint.model import Place

from .change import Lines
from .errors import VerificationFailed
from .imports import bind_runtime_names, drop_unused_imports
from .text import SourceText


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """Replace the characters from `start` to `end` with `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Swap:
    """Put the declared value under a runtime type.

    The value itself stays as the initial content where `attributes` is None; otherwise the
    declared attribute names follow the state's name.
    """

    value: Place
    target: str
    state: str
    attributes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """A file's new text, and the lines of the old one that may differ."""

    text: str
    spans: tuple[Lines, ...] | None  # None: any line (a change of structure)


def splice(text: str, splices: Iterable[Splice]) -> str:
    """`text` with every splice applied; they must not overlap."""
    parts: list[str] = []
    done = 0
    for one in sorted(splices):
        if one.start < done:
            raise VerificationFailed("two edits overlap", "report this with the file it happened on")
        parts += (text[done : one.start], one.text)
        done = one.end
    return "".join((*parts, text[done:]))


def swap_declarations(source: SourceText, swaps: Sequence[Swap]) -> Edited:
    """Swap declared values for runtime objects, bind the names, drop the imports that this orphans."""
    names = tuple(sorted({swap.target for swap in swaps}))
    bound = bind_runtime_names(source, names, before_line=_first_executed(source, swaps))
    edits = [_swapped(source, swap, bound.names[swap.target]) for swap in swaps]
    if bound.edit:
        edits.append(Splice(bound.edit.start, bound.edit.end, bound.edit.text))
    after_swaps = splice(source.text, edits)
    orphans = {_root_name(source.slice(swap.value)) for swap in swaps if swap.attributes is not None}
    after = SourceText(source.path, after_swaps)
    text, _ = drop_unused_imports(after, orphans)
    spans = [(swap.value.line, swap.value.end_line) for swap in swaps]
    spans += [bound.edit.lines] if bound.edit else []
    spans += drop_unused_imports(_blanked(source, swaps), orphans)[1]
    return Edited(text, tuple(spans))


def _first_executed(source: SourceText, swaps: Sequence[Swap]) -> int:
    """The line of the first module-level statement that holds a swap: the import must run before it."""
    first = min(swap.value.line for swap in swaps)
    return next((s.lineno for s in source.tree.body if s.lineno <= first <= (s.end_lineno or 0)), first)


def _root_name(expression: str) -> str:
    return expression.partition("(")[0].partition(".")[0].strip()


def _blanked(source: SourceText, swaps: Sequence[Swap]) -> SourceText:
    """The text with the swapped values gone but every line where it was: for the lines of orphaned imports."""
    blanks = [Splice(_start(source, swap), _end(source, swap), "0") for swap in swaps if swap.attributes is not None]
    return SourceText(source.path, splice(source.text, blanks))


def _start(source: SourceText, swap: Swap) -> int:
    return source.offset(swap.value.line, swap.value.column)


def _end(source: SourceText, swap: Swap) -> int:
    return source.offset(swap.value.end_line, swap.value.end_column)


def _swapped(source: SourceText, swap: Swap, name: str) -> Splice:
    start, end = _start(source, swap), _end(source, swap)
    if swap.attributes is None:
        return Splice(start, end, f"{name}({_quoted(swap.state)}, {source.text[start:end]})")
    return Splice(start, end, f"{name}({', '.join(map(_quoted, (swap.state, *swap.attributes)))})")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
