"""From a use in one file to an `Access` of a state: what the rest of the path does to the object."""

from __future__ import annotations

from outfall_lint.constructors import CHANGING_METHODS, CONTAINERS, CONTEXT_VARS, ITERATING_METHODS, REMOVES
from outfall_lint.facts import BINDS, GOT, SLICE, SUBSCRIPT, Target, Use
from outfall_lint.model import Access, Operation, Place

INCREMENT = "increment by"
"""What is said of an entry that is added to, before the value that is added."""

_WHOLE = {
    "load": Operation.ESCAPE,
    "read": Operation.READ,
    "test": Operation.TEST,
    "iterate": Operation.ITERATE,
    "store": Operation.REBIND,
    "augment": Operation.REBIND,
    "delete": Operation.DELETE,
    "call": Operation.READ,
    "change": Operation.MUTATE,
}


def access(use: Use, path: str, rest: Target, constructor: str, at_import: bool) -> Access:
    """The access that `use`, in file `path`, makes to the state that `rest` of its target starts from."""
    operation, attribute, method = _meaning(use, rest, constructor in CONTAINERS)
    if rest == ("set",) and use.verb == "call" and constructor in CONTEXT_VARS:
        operation = Operation.MUTATE
    detail = use.detail
    if use.value and operation.changes:
        value = f"{INCREMENT} {use.value}" if use.verb == "augment" and rest == (SUBSCRIPT,) else use.value
        detail = f"{detail}; {value}" if detail else value
    if len(rest) > 1 and operation is Operation.MUTATE and rest[0] in (SUBSCRIPT, GOT):
        detail = "inside an entry" if rest[0] == SUBSCRIPT or constructor in CONTAINERS else "inside its value"
    if use.key:
        detail = f"{detail}; keyed by {use.key}" if detail else f"keyed by {use.key}"
    line, column, end_line, end_column = use.span
    return Access(
        place=Place(path, line, column, end_line, end_column),
        operation=operation,
        function=use.function,
        at_import=at_import,
        attribute=attribute,
        method=method,
        lock=use.lock,
        detail=detail,
    )


def _meaning(use: Use, rest: Target, container: bool) -> tuple[Operation, str | None, str | None]:
    if not rest and use.verb == "augment" and container:
        return Operation.MUTATE, None, "__iadd__"  # changed in place, then bound to itself
    if not rest:
        return _WHOLE[use.verb], None, {"augment": "__iadd__", "call": "__call__"}.get(use.verb)
    if rest[0] == SLICE and len(rest) > 1:
        return Operation.READ, None, "__getitem__"
    if rest[0] in (SUBSCRIPT, SLICE) or (rest[0] == GOT and container):
        return _entry(use, rest)
    if rest[0] == GOT:
        return _value(use, rest)
    if container:
        return _method(use, rest)
    return _attribute(use, rest)


def _entry(use: Use, rest: Target) -> tuple[Operation, str | None, str | None]:
    """`X[k]…`"""
    if len(rest) == 1:
        if use.verb in ("store", "augment"):
            return Operation.MUTATE, None, "__setitem__"
        if use.verb == "delete":
            return Operation.DELETE, None, "__delitem__"
        return Operation.READ, None, "__getitem__"
    nested = _changes_inside(use, rest[1:])
    return (Operation.MUTATE if nested else Operation.READ), None, "__getitem__"


def _value(use: Use, rest: Target) -> tuple[Operation, str | None, str | None]:
    """`X.get()…` of a context variable: its value, changed in place or not."""
    changed = len(rest) > 1 and _changes_inside(use, rest[1:])
    return (Operation.MUTATE if changed else Operation.READ), None, GOT


def _changes_inside(use: Use, rest: Target) -> bool:
    """Whether an entry, itself a container, is changed: `X[k].append(v)`, `X[k][j] = v`."""
    if use.verb in BINDS:
        return rest[-1] == SUBSCRIPT and all(part in (SUBSCRIPT, GOT) for part in rest)
    return use.verb == "call" and rest[-1] in CHANGING_METHODS and all(part in (SUBSCRIPT, GOT) for part in rest[:-1])


def _method(use: Use, rest: Target) -> tuple[Operation, str | None, str | None]:
    """`X.name…` of a container."""
    name = rest[0]
    if use.verb in BINDS:
        return Operation.MUTATE, name, None
    if name in REMOVES:
        return Operation.DELETE, None, name
    if name in CHANGING_METHODS:
        return Operation.MUTATE, None, name
    return (Operation.ITERATE if name in ITERATING_METHODS else Operation.READ), None, name


def _attribute(use: Use, rest: Target) -> tuple[Operation, str | None, str | None]:
    """`X.name…` of a namespace or any other object."""
    name = rest[0]
    if name == "__dict__" and len(rest) > 1:
        return _dictionary(use, rest)
    if len(rest) == 1:
        whole = {"store": Operation.MUTATE, "augment": Operation.MUTATE, "delete": Operation.DELETE}
        operation = whole.get(use.verb, Operation.TEST if use.verb == "test" else Operation.READ)
        return operation, name, "__iadd__" if use.verb == "augment" else "__call__" if use.verb == "call" else None
    if use.verb in BINDS:
        in_place = "__setitem__" if rest[-1] == SUBSCRIPT else "__setattr__"
        return Operation.MUTATE, name, in_place
    if use.verb == "call" and len(rest) == 2:
        return (Operation.MUTATE if rest[1] in CHANGING_METHODS else Operation.READ), name, rest[1]
    return Operation.READ, name, None


def _dictionary(use: Use, rest: Target) -> tuple[Operation, str | None, str | None]:
    """`X.__dict__…`: the attributes behind their owner's back."""
    if use.verb in BINDS or (use.verb == "call" and rest[1] in CHANGING_METHODS):
        return Operation.MUTATE, "__dict__", rest[-1]
    return Operation.READ, "__dict__", rest[-1]
