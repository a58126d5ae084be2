"""Which uses of `self.name` can matter beyond their object: most are an instance's own business."""

from __future__ import annotations

from collections.abc import Iterable

from outfall_lint.facts import Class, Declaration, Function, Target
from outfall_lint.names import Names
from outfall_lint.scopes import RawUse, Scope, Walk
from outfall_lint.uses import LOOKS

_LOOKS = LOOKS | {"call"}

Shared = dict[Target, "frozenset[str] | None"]
"""For each class the attributes that its class body, methods or bases give it; None: any may be."""


def shared_attributes(
    walked: Walk,
    names: Names,
    classes: Iterable[Class],
    functions: Iterable[Function],
    declared: Iterable[Declaration],
    own: frozenset[str],
) -> Shared:
    """What `self.name` may share with other objects, by class. `own` are the project's top-level modules."""
    given = frozenset(
        raw.path[-1]
        for scope in walked.scopes
        for raw in scope.uses
        if raw.path and raw.verb in ("store", "augment") and not _is_own(names, scope, raw)
    )
    members: dict[str, set[str]] = {}
    for name in (*(f.name for f in functions if f.kind != "function"), *(d.name for d in declared)):
        owner, _, last = name.rpartition(".")
        members.setdefault(owner, set()).add(last)
    found: Shared = {}
    for each in classes:
        inherits = each.name in members.get("", ()) or any(base.partition(".")[0] in own for base in each.bases)
        shared = None if inherits else given | members.get(each.name, set())
        found[*names.module, *each.name.split(".")] = shared
    return found


def _is_own(names: Names, scope: Scope, raw: RawUse) -> bool:
    """Whether a store gives an attribute to one instance: `self.name = …`."""
    start = names.start(scope, raw.root) if len(raw.path) == 1 else None
    return start is not None and start.is_receiver and start.via == "self"


def is_private(raw: RawUse, shared: frozenset[str]) -> bool:
    """Whether a use of `self.name` only looks at what the object has of its own."""
    path = raw.path
    return bool(path) and path[0] not in shared and raw.verb in _LOOKS and path[0] not in ("__class__", "__dict__")
