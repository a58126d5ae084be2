"""For tests: every test starts with the tables, contexts and flags as they were, and leaves no trace.

    # conftest.py
    pytest_plugins = ["outfall_runtime.pytest_plugin"]

gives a fixture `outfall_isolation` to name in a test, or for all tests of a suite:

    @pytest.fixture(autouse=True)
    def isolation(outfall_isolation): ...

Without pytest: `with outfall_runtime.testing.isolated():`. Production code never imports this.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Collection, Dict, Iterator, List, Optional

from . import context, flags
from ._events.board import board as events
from ._spans.book import book
from ._spans.chain import chain
from ._tables import catalogue
from ._tables.sibling import Sibling
from .context_local import Store
from .lazy import Lazy
from .registry import Registry
from .slots import Slot
from .staged_context import StagedStore

__all__ = ["isolated"]

Restore = Callable[[], object]


@contextmanager
def isolated(empty: Collection[str] = ()) -> Iterator[None]:
    """A block after which every table, slot, lazy value, context local and flag is as before it.

    Tables start with what they hold (import-time registrations belong to the code under test);
    context locals, context fields and spans start without values. Listeners for spans, and handlers and
    policies for events, that were added inside are gone. Objects made inside are left alone. Values that are themselves changed in place are not copied.

    Args:
        empty: names of tables that start empty.
    """
    restores: List[Restore] = [flags.board.checkpoint(), events.checkpoint(), _fresh_fields(), _fresh_spans()]
    try:
        for name, state in catalogue.living():
            restore = _isolate(state, name in empty)
            if restore is not None:
                restores.append(restore)
        yield
    finally:
        for restore in reversed(restores):
            restore()


def _isolate(state: Any, empty: bool) -> Optional[Restore]:
    if isinstance(state, Store):
        return _fresh_local(state)
    if isinstance(state, Slot):
        return _kept_slot(state)
    if isinstance(state, Lazy):
        return _kept_lazy(state)
    if isinstance(state, Registry):
        return _kept_table(state, empty)
    if isinstance(state, Sibling):
        return _kept_sibling(state, empty)
    return None


def _fresh_fields() -> Restore:
    before = context._top.get()
    context._top.set(None)  # outfall: ignore[OUT205] put back by the function that is returned
    return lambda: context._top.set(before)


def _fresh_spans() -> Restore:
    before, listeners = chain.get(), book.listeners
    chain.set(None)  # outfall: ignore[OUT205] put back by the function that is returned

    def restore() -> None:
        chain.set(before)  # outfall: ignore[OUT205] it is what was there before
        book.listeners = listeners

    return restore


def _fresh_local(store: Store) -> Restore:
    cells = store.cells
    before = cells.variable.get(None)
    thread: Dict[str, Any] = {}
    begun = False
    if isinstance(store, StagedStore):
        thread, begun = store.thread.values, store.thread.begun
        store.thread.values, store.thread.begun = {}, False
    cells.blank()

    def restore() -> None:
        if before is None:
            cells.blank()
        else:
            cells.variable.set(before)
        if isinstance(store, StagedStore):
            store.thread.values, store.thread.begun = thread, begun

    return restore


def _kept_slot(slot: "Slot[Any]") -> Restore:
    before = slot._box
    return lambda: slot.swap(before[0])


def _kept_lazy(lazy: "Lazy[Any]") -> Restore:
    before = lazy._value

    def restore() -> None:
        lazy._value = before

    return restore


def _kept_sibling(sibling: Any, empty: bool) -> Restore:
    kind, before = sibling._outfall_type, sibling._outfall_plain_copy()
    put: Any = getattr(kind, "extend", None) or kind.update

    def restore() -> None:
        kind.clear(sibling)
        put(sibling, before)

    if empty:
        kind.clear(sibling)
    return restore


def _kept_table(table: "Registry[Any, Any]", empty: bool) -> Restore:
    values = list(dict.items(table))
    upkeep = table._outfall
    entries = dict(upkeep.entries)

    def put(items: Any, kept: Dict[Any, Any]) -> None:
        upkeep.tombstones.clear()
        upkeep.entries = dict(kept)
        dict.clear(table)
        dict.update(table, items)

    if empty:
        put((), {})
    return lambda: put(values, entries)
