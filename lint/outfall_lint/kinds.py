"""What a state is for, decided from how it is used, with the evidence in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from outfall_lint import thread_locals
from outfall_lint.access import INCREMENT
from outfall_lint.constructors import COLLECTIONS, CONTEXT_VARS, MAPPINGS, RUNTIME, THREAD_LOCALS
from outfall_lint.model import Access, Kind, Operation

_CACHE = re.compile(r"cache|memo|lru", re.IGNORECASE)
_REGISTRY = re.compile(r"regist|handler|plugin|factor|hook|listener|callback|subscriber|backend|provider", re.IGNORECASE)
_SEEN = re.compile(r"seen|once|done|visited|warned|already|processed|reported|logged|dedup|notified|shown", re.IGNORECASE)
_COUNT = re.compile(r"count|stats?$|hits|total|metrics|tally", re.IGNORECASE)
_STACK = re.compile(r"stack|spans?$|scopes?$|contexts?$", re.IGNORECASE)

Decision = tuple[Kind, tuple[str, ...]]


def decide(constructor: str, name: str, accesses: Sequence[Access]) -> Decision:
    """The kind of the state called `name` that `constructor` makes, and why, one sentence each."""
    if constructor.startswith(f"{RUNTIME}."):
        return _kept(constructor.rpartition(".")[2])
    if constructor in THREAD_LOCALS:
        return thread_locals.decide(name, accesses)
    if constructor in CONTEXT_VARS:
        return Kind.CONTEXT, ("a context variable holds a value for each task",)
    if constructor in MAPPINGS:
        return _mapping(constructor, name, accesses)
    if constructor in COLLECTIONS:
        return _collection(constructor, name, accesses)
    return _slot(accesses)


_KEPT = {
    Kind.COLLECTION: ("ListRegistry", "SetRegistry", "DequeRegistry", "WeakSetRegistry"),
    Kind.COUNTER: ("CounterRegistry",),
    Kind.CONTEXT: ("ContextLocal", "ContextValue"),
    Kind.LAZY: ("Lazy",),
    Kind.SLOT: ("Slot", "class_slot", "module_property"),
    Kind.THREAD_RESOURCE: ("ThreadResource",),
}


def _kept(name: str) -> Decision:
    """The kind of what is already in the runtime's keeping, by the name of the runtime's type."""
    plain = name.removeprefix("Staged")
    kind = next((kind for kind, names in _KEPT.items() if plain in names), Kind.REGISTRY)
    return kind, (f"the runtime keeps it, as a {name}",)


def _mapping(constructor: str, name: str, accesses: Sequence[Access]) -> Decision:
    if constructor == "collections.Counter" or _counts(accesses):
        return Kind.COUNTER, ("its entries are counted up",)
    if _CACHE.search(name):
        return Kind.CACHE, (f"its name says so: `{name}`",)
    if _REGISTRY.search(name):
        return Kind.REGISTRY, (f"its name says so: `{name}`",)
    filled = next((a for a in accesses if a.detail.startswith(("if absent", "after KeyError"))), None)
    if filled is not None:
        return Kind.CACHE, (f"an entry is made where it is absent ({_where(filled)})",)
    if _SEEN.search(name):
        return Kind.DEDUP, (f"its name says so: `{name}`",)
    given = next((a for a in accesses if "parameter" in a.detail and a.operation is Operation.MUTATE), None)
    if given is not None:
        return Kind.REGISTRY, (f"it holds what callers hand in ({_where(given)})",)
    return Kind.REGISTRY, ("a mapping that functions fill and look things up in",)


def _collection(constructor: str, name: str, accesses: Sequence[Access]) -> Decision:
    methods = {a.method for a in accesses}
    tested = any(a.operation is Operation.TEST and a.detail == "in" for a in accesses)
    is_set = constructor in ("set", "weakref.WeakSet")
    if (is_set and tested and "add" in methods) or (_SEEN.search(name) and tested):
        return Kind.DEDUP, ("it is asked whether it holds a thing, and then given it",)
    if not is_set and {"append", "pop"} <= methods and (_STACK.search(name) or "__getitem__" in methods):
        return Kind.SPAN_STACK, ("it is pushed to and popped from the end",)
    if _CACHE.search(name):
        return Kind.CACHE, (f"its name says so: `{name}`",)
    if _REGISTRY.search(name):
        return Kind.REGISTRY, (f"its name says so: `{name}`",)
    return Kind.COLLECTION, ("a collection that functions change",)


def _slot(accesses: Sequence[Access]) -> Decision:
    rebound = [a for a in accesses if a.operation is Operation.REBIND and not a.at_import]
    if rebound and all(a.method == "__iadd__" for a in rebound):
        return Kind.COUNTER, (f"it is counted up ({_where(rebound[0])})",)
    given = [a for a in rebound if not a.detail.endswith("constant None")]
    made = [a for a in given if _made_once(a)]
    if made and all(a in made or _beside(a, made) for a in given) and not _put_back(made, rebound):
        return Kind.LAZY, (f"it is made on first use ({_where(made[0])})",)
    if rebound:
        return Kind.SLOT, (f"functions bind it anew ({_where(rebound[0])})",)
    return Kind.UNDECIDED, ("nothing tells what it is for",)


_ABSENT = ("if absent", "after NameError", "after AttributeError", "after UnboundLocalError", "after KeyError")


def _made_once(access: Access) -> bool:
    """Whether a rebinding makes the value where a test said that there is none yet."""
    value = access.detail.rpartition("; ")[2]
    if access.method == "__iadd__" or value.startswith(("constant", "parameter")) or value == "name self":
        return False
    return access.detail.startswith(_ABSENT)


def _beside(access: Access, made: Sequence[Access]) -> bool:
    """Whether a rebinding is a step of the making: another value under the same test, in the same function."""
    return access.method != "__iadd__" and access.detail.startswith(_ABSENT) and any(
        access.function == other.function and access.place.path == other.place.path for other in made
    )


def _put_back(made: Sequence[Access], rebound: Sequence[Access]) -> bool:
    """Whether it keeps something of somebody else's for a while: saved, and set to None in the same function."""
    emptied = {(a.place.path, a.function) for a in rebound if a.detail.endswith("constant None")}
    return any("; name " in a.detail and (a.place.path, a.function) in emptied for a in made)


def _counts(accesses: Sequence[Access]) -> bool:
    """Whether functions count entries up or down, and store none but to count from 0."""
    changes = [a for a in accesses if a.operation is Operation.MUTATE and not a.at_import]
    counted = [a for a in changes if f"{INCREMENT} constant " in a.detail]
    return bool(counted) and all(a in counted or a.detail.endswith("constant 0") for a in changes)


def _where(access: Access) -> str:
    return f"{access.place.path}:{access.place.line}"
