"""What a state is for, decided from how it is used, with the evidence in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from outfall_lint import thread_locals
from outfall_lint.constructors import COLLECTIONS, MAPPINGS, THREAD_LOCALS
from outfall_lint.model import Access, Kind, Operation

_CACHE = re.compile(r"cache|memo|lru", re.IGNORECASE)
_REGISTRY = re.compile(r"regist|handler|plugin|factor|hook|listener|callback|subscriber|backend|provider", re.IGNORECASE)
_SEEN = re.compile(r"seen|once|done|visited|warned|already|processed|reported|logged|dedup|notified|shown", re.IGNORECASE)
_COUNT = re.compile(r"count|stats?$|hits|total|metrics|tally", re.IGNORECASE)
_STACK = re.compile(r"stack|spans?$|scopes?$|contexts?$", re.IGNORECASE)

Decision = tuple[Kind, tuple[str, ...]]


def decide(constructor: str, name: str, accesses: Sequence[Access]) -> Decision:
    """The kind of the state called `name` that `constructor` makes, and why, one sentence each."""
    if constructor in THREAD_LOCALS:
        return thread_locals.decide(name, accesses)
    if constructor in MAPPINGS:
        return _mapping(constructor, name, accesses)
    if constructor in COLLECTIONS:
        return _collection(constructor, name, accesses)
    return _slot(accesses)


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
    made = [a for a in rebound if not a.detail.endswith("constant None")]
    if made and all(_made_once(a, accesses) for a in made):
        return Kind.LAZY, (f"it is made on first use ({_where(made[0])})",)
    if rebound:
        return Kind.SLOT, (f"functions bind it anew ({_where(rebound[0])})",)
    return Kind.UNDECIDED, ("nothing tells what it is for",)


def _made_once(made: Access, accesses: Sequence[Access]) -> bool:
    """Whether a rebinding stands behind a test that nothing is there yet."""
    if made.method == "__iadd__" or "; constant" in made.detail or made.detail.startswith("constant"):
        return False
    if made.detail.startswith(("if absent", "after NameError", "after AttributeError")):
        return True
    return any(
        a.operation is Operation.TEST
        and a.detail in ("is None", "truth")
        and a.function == made.function
        and a.place.path == made.place.path
        and a.place < made.place
        for a in accesses
    ) and "parameter" not in made.detail


def _counts(accesses: Sequence[Access]) -> bool:
    changes = [a for a in accesses if a.operation is Operation.MUTATE and not a.at_import]
    return bool(changes) and all(a.method == "__setitem__" and a.detail.endswith("increment") for a in changes)


def _where(access: Access) -> str:
    return f"{access.place.path}:{access.place.line}"
