"""Staged declarations collapse to the new object: `StagedRegistry(…)` → `Registry(…)`."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass

from ..edits import Edited
from ..import_places import RUNTIME
from ..imports import bind_runtime_names, runtime_names
from ..unused_imports import drop_unused_imports
from ..names import used_names
from ..plan import Json
from ..splices import Splice, splice
from ..text import SourceText

_STAGED = (
    "StagedContextLocal", "StagedContextValue", "StagedCounterRegistry", "StagedDefaultRegistry", "StagedDequeRegistry",
    "StagedListRegistry", "StagedOrderedRegistry", "StagedRegistry", "StagedSetRegistry",
)  # fmt: skip
COLLAPSED = {name: name.removeprefix("Staged") for name in _STAGED}


@dataclass(frozen=True, slots=True)
class Staged:
    """One staged declaration: the place of the runtime's name in it, what the module calls that, and its state."""

    function: ast.Name
    name: str
    state: str
    path: str
    line: int

    def to_json(self) -> Json:
        """The plan object of its collapse: what `migrate --direct` would have written at once."""
        target = COLLAPSED[self.name]
        context = target in ("ContextLocal", "ContextValue")
        return {
            "state": self.state,
            "names": [self.state],
            "kind": "context" if context else "registry",
            "codes": [],
            "action": "rewrite",
            "target": target,
            "flag": "use_context" if context else "use_registry",
            "path": self.path,
            "line": self.line,
            "accesses": 0,
            "touched": [],
            "reason": None,
            "evidence": [],
        }


def collapse(source: SourceText, states: Collection[str], exported: bool = False) -> Edited:
    """The text with the staged declarations of `states` replaced by plain ones, imports included.

    `exported`: other modules import everything from this one.
    """
    found = [one for one in staged_declarations(source) if one.state in states]
    if not found:
        return Edited(source.text, ())
    text, imported = _collapsed(source, found, exported)
    spans = [(name.lineno, name.end_lineno or 0) for one in found for name in _spellings(source, one)]
    return Edited(text, (*spans, *imported, *_runtime_import_lines(source)))


def staged_declarations(source: SourceText) -> list[Staged]:
    """The states that this file declares staged, by a call or as the base of a class."""
    names = {local: name for local, name in runtime_names(source.tree).items() if name in COLLAPSED}
    found = (_staged(source.path, node, names) for node in ast.walk(source.tree))
    return [one for one in found if one is not None]


def staged_states(source: SourceText) -> tuple[str, ...]:
    """The names of the states that this file declares staged, also by a spelling that is not collapsed: `module.StagedRegistry`."""
    others = (_spelled_otherwise(node) for node in ast.walk(source.tree))
    return (*(one.state for one in staged_declarations(source)), *(state for state in others if state is not None))


def _spelled_otherwise(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return None
    named = node.args[0]
    staged = node.func.attr in COLLAPSED and isinstance(named, ast.Constant) and isinstance(named.value, str)
    return named.value if staged else None  # type: ignore[attr-defined]


def _staged(path: str, node: ast.AST, names: dict[str, str]) -> Staged | None:
    if isinstance(node, ast.Call):
        function, named = node.func, node.args[0] if node.args else None
    elif isinstance(node, ast.ClassDef) and node.bases:
        function, named = node.bases[0], next((k.value for k in node.keywords if k.arg == "name"), None)
    else:
        return None
    if not isinstance(function, ast.Name) or function.id not in names:
        return None
    if not isinstance(named, ast.Constant) or not isinstance(named.value, str):
        return None
    return Staged(function, names[function.id], named.value, path, node.lineno)


def _collapsed(source: SourceText, found: list[Staged], exported: bool) -> tuple[str, list[tuple[int, int]]]:
    """Rename where the old name goes for good and nothing holds the new one; else bind the new one."""
    targets = sorted({COLLAPSED[one.name] for one in found})
    bound = bind_runtime_names(source, targets, _statement_line(source, min(one.line for one in found)), exported=exported)
    edits = [_renamed(source, name, bound.names[COLLAPSED[one.name]]) for one in found for name in _spellings(source, one)]
    if bound.edit:
        edits.append(Splice(bound.edit.start, bound.edit.end, bound.edit.text))
    after = SourceText(source.path, splice(source.text, edits))
    unused = {one.function.id for one in found if one.function.id not in used_names(after.tree)}
    text, _ = drop_unused_imports(after, unused)
    return text, [bound.edit.lines] if bound.edit else []


def _spellings(source: SourceText, one: Staged) -> list[ast.Name]:
    """The name in the call, and in the type beside it: `x: StagedContextValue[str] = StagedContextValue(…)`."""
    types = [n.annotation for n in ast.walk(source.tree) if isinstance(n, ast.AnnAssign) and one.function in set(ast.walk(n))]
    named = [n for each in types for n in ast.walk(each) if isinstance(n, ast.Name) and n.id == one.function.id]
    return [one.function, *named]


def _statement_line(source: SourceText, line: int) -> int:
    return next((s.lineno for s in source.tree.body if s.lineno <= line <= (s.end_lineno or 0)), line)


def _renamed(source: SourceText, function: ast.Name, name: str) -> Splice:
    place = source.place(function)
    return Splice(source.offset(place.line, place.column), source.offset(place.end_line, place.end_column), name)


def _runtime_import_lines(source: SourceText) -> list[tuple[int, int]]:
    return [
        (node.lineno, node.end_lineno or 0)
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom) and node.module == RUNTIME
    ]
