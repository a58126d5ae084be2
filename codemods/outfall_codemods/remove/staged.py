"""Staged declarations collapse to the new object: `StagedRegistry(…)` → `Registry(…)`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from ..edits import Edited, Splice, splice
from ..imports import RUNTIME, bind_runtime_names, drop_unused_imports, runtime_names
from ..names import used_names
from ..text import SourceText

_STAGED = (
    "StagedContextLocal", "StagedCounterRegistry", "StagedDefaultRegistry", "StagedDequeRegistry",
    "StagedListRegistry", "StagedOrderedRegistry", "StagedRegistry", "StagedSetRegistry",
)  # fmt: skip
COLLAPSED = {name: name.removeprefix("Staged") for name in _STAGED}


def collapse(source: SourceText, states: Collection[str]) -> Edited:
    """The text with the staged declarations of `states` replaced by plain ones, imports included."""
    staged = {local: name for local, name in runtime_names(source.tree).items() if name in COLLAPSED}
    calls = [call for call in _staged_calls(source.tree, staged) if _state_of(call) in states]
    if not calls:
        return Edited(source.text, ())
    first = min(call.lineno for call in calls)
    text, imported = _collapsed(source, calls, staged, first)
    spans = [(call.func.lineno, call.func.end_lineno or 0) for call in calls]
    return Edited(text, (*spans, *imported, *_runtime_import_lines(source)))


def staged_states(source: SourceText) -> tuple[str, ...]:
    """The names of the states that this file declares staged."""
    staged = {local: name for local, name in runtime_names(source.tree).items() if name in COLLAPSED}
    found = (_state_of(call) for call in _staged_calls(source.tree, staged))
    return tuple(name for name in found if name)


def _collapsed(
    source: SourceText, calls: list[ast.Call], staged: dict[str, str], first: int
) -> tuple[str, list[tuple[int, int]]]:
    """Rename where the old name goes for good and nothing holds the new one; else bind the new one."""
    targets = sorted({COLLAPSED[staged[_called(call)]] for call in calls})
    bound = bind_runtime_names(source, targets, before_line=_statement_line(source, first))
    edits = [_renamed(source, call, bound.names[COLLAPSED[staged[_called(call)]]]) for call in calls]
    if bound.edit:
        edits.append(Splice(bound.edit.start, bound.edit.end, bound.edit.text))
    after = SourceText(source.path, splice(source.text, edits))
    unused = {local for local in staged if local not in used_names(after.tree)}
    text, _ = drop_unused_imports(after, unused)
    return text, [bound.edit.lines] if bound.edit else []


def _statement_line(source: SourceText, line: int) -> int:
    return next((s.lineno for s in source.tree.body if s.lineno <= line <= (s.end_lineno or 0)), line)


def _renamed(source: SourceText, call: ast.Call, name: str) -> Splice:
    place = source.place(call.func)
    return Splice(source.offset(place.line, place.column), source.offset(place.end_line, place.end_column), name)


def _staged_calls(tree: ast.Module, staged: dict[str, str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in staged:
            yield node


def _called(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Name)
    return call.func.id


def _state_of(call: ast.Call) -> str | None:
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _runtime_import_lines(source: SourceText) -> list[tuple[int, int]]:
    return [
        (node.lineno, node.end_lineno or 0)
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom) and node.module == RUNTIME
    ]
