"""What a transform is: it accepts findings, and turns their state into one plan."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from outfall_lint.model import Finding, State

from .other_files import OtherFiles
from .plan import Plan
from .text import SourceText
from .unsafe import Allowed


ALL = "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asks for beyond the default."""

    unsafe: Allowed = ()  # the reasons that are overruled
    carry: Collection[str] = ()  # the states whose context goes along with work for other threads, or `ALL`
    idiomatic: bool = False  # make a thread-local's attributes context values, where all uses are in sight
    resources: bool = False  # put a thread's resources under a `ThreadResource`


@dataclass(frozen=True, slots=True)
class Case:
    """One state with the findings about it that a transform accepted, and all that a plan may look at."""

    findings: tuple[Finding, ...]
    source: SourceText  # of the declaring file
    others: OtherFiles
    asked: Asked

    @property
    def state(self) -> State:
        return self.findings[0].state

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted({finding.code for finding in self.findings}))


@dataclass(frozen=True, slots=True)
class Transform:
    """One kind of rewrite. `plan` decides and writes nothing."""

    name: str
    fix_safety: str  # when the rewrite could change behaviour, for `explain` and the docs
    accepts: Callable[[Finding], bool]
    plan: Callable[[Case], Plan]
    last: bool = False  # asked only after all others
    each_place: bool = False  # a plan for each place where a finding is reported, not one for the state


def all_transforms() -> tuple[Transform, ...]:
    """Every transform in `transforms/`, by file name; a new file is found by itself."""
    from . import transforms

    found: list[Transform] = []
    for module in pkgutil.iter_modules(transforms.__path__):
        if not module.name.startswith("_"):
            found.append(importlib.import_module(f"{transforms.__name__}.{module.name}").TRANSFORM)
    return tuple(sorted(found, key=lambda transform: (transform.last, transform.name)))


def transform_for(finding: Finding, transforms: Iterable[Transform]) -> Transform:
    """The first transform that accepts the finding; the last one accepts all."""
    return next(transform for transform in transforms if transform.accepts(finding))
