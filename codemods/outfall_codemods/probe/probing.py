"""The probe of a project as a change like any other: shown, written, undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from outfall_lint.constructors import RUNTIME
from outfall_lint.engine import Analysis

from ..change import ChangeSet, FileChange
from ..errors import Refused, UsageError
from ..plan import Plan
from ..text import SourceText
from .rendering import rendered
from .subjects import Scope, Subject, Uncovered, subjects

_NAME = "test_state_scopes.py"


@dataclass(frozen=True)
class ProbePlan(ChangeSet):
    """The file to write, what it states, and the states that it cannot reach."""

    subjects: tuple[Subject, ...] = ()
    uncovered: tuple[Uncovered, ...] = ()


def default_path(root: Path) -> str:
    """Where the project keeps its tests."""
    folder = next((name for name in ("tests", "test") if (root / name).is_dir()), "")
    return f"{folder}/{_NAME}" if folder else _NAME


def plan_probe(analysis: Analysis, plans: Sequence[Plan], path: str, root: Path) -> ProbePlan:
    """The probe for the states of these plans, and for those that the project has moved already.

    Raises `UsageError` for a path outside `root`, and `Refused` where another file is in its place:
    nothing of anybody's is overwritten.
    """
    if not (root / path).resolve().is_relative_to(root.resolve()):
        raise UsageError(f"{path} lies outside the project", "name a file inside it, so that `outfall undo` finds it")
    moved = [s for s in analysis.states if s.constructor.partition(".")[0] == RUNTIME and s.place.path != path]
    texts = {place.path for place in (*(plan.state.place for plan in plans), *(state.place for state in moved))}
    sources = {each: SourceText.from_bytes(each, (root / each).read_bytes()) for each in sorted(texts)}
    found = sorted(set(subjects(plans, moved, sources)), key=_order)
    stated = tuple(each for each in found if isinstance(each, Subject))
    uncovered = tuple(each for each in found if isinstance(each, Uncovered))
    if not stated:
        return ProbePlan((), uncovered=uncovered)
    before = (root / path).read_bytes() if (root / path).exists() else None
    after = rendered(stated, uncovered).encode("utf-8")
    if before not in (None, after):
        raise Refused(f"{path} is there already", "move it away, or name another file: --probe=FILE")
    changes = (FileChange(path, None, after),) if before is None else ()
    return ProbePlan(changes, subjects=stated, uncovered=uncovered)


def _order(each: Subject | Uncovered) -> tuple[int, str, str]:
    if isinstance(each, Uncovered):
        return len(Scope), each.name, each.reason
    return list(Scope).index(each.scope), each.name, each.expression
