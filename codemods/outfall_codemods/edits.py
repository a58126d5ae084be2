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
from .imports import RUNTIME, ImportEdit, bind_runtime_names, drop_unused_imports
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
    spans: tuple[Lines, ...]


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
    wanted = tuple(sorted({swap.target for swap in swaps}))
    first = min(swap.value.line for swap in swaps)
    bound = bind_runtime_names(source, wanted, before_line=first)
    edits = [_swapped(source, swap, bound.names[swap.target]) for swap in swaps]
    spans = [(swap.value.line, swap.value.end_line) for swap in swaps]
    text, lines = finish(source, edits, bound.edit)
    replaced = [source.slice(swap.value) for swap in swaps if swap.attributes is not None]
    if not replaced:
        return Edited(text, (*spans, *lines))
    roots = {value.split("(")[0].split(".")[0].strip() for value in replaced}
    dropped = drop_unused_imports(SourceText(source.path, text), roots)
    merged = _in_original(source.text, dropped)
    return Edited(dropped.text, (*spans, *lines, *merged))


def finish(source: SourceText, edits: list[Splice], imported: ImportEdit | None) -> tuple[str, list[Lines]]:
    """Apply `edits` and the import, if there is one; the second value is the import's lines."""
    if imported is None:
        return splice(source.text, edits), []
    place = Splice(imported.start, imported.end, imported.text)
    return splice(source.text, [*edits, place]), [imported.lines]


def _swapped(source: SourceText, swap: Swap, name: str) -> Splice:
    start = source.offset(swap.value.line, swap.value.column)
    end = source.offset(swap.value.end_line, swap.value.end_column)
    if swap.attributes is None:
        rest = source.text[start:end]
        return Splice(start, end, f"{name}({json.dumps(swap.state, ensure_ascii=False)}, {rest})")
    arguments = ", ".join(json.dumps(text, ensure_ascii=False) for text in (swap.state, *swap.attributes))
    return Splice(start, end, f"{name}({arguments})")
