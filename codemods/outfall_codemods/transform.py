"""What a transform is: it accepts findings, and turns their state into one plan."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from outfall_lint.model import Finding, State

from .other_files import OtherFiles
from .plan import Plan
from .text import SourceText
from .unsafe import Allowed

Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transform:
    """One kind of rewrite. `plan` decides; it sees the declaring file, and which reasons are overruled, and writes nothing."""

    name: str
    fix_safety: str  # when the rewrite could change behaviour, for `explain` and the docs
    accepts: Callable[[Finding], bool]
    plan: Callable[[State, Codes, SourceText, OtherFiles, Allowed], Plan]
    last: bool = False  # asked only after all others


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
