"""The registry's weak siblings: named, process-wide containers that keep nothing alive.

    _sessions = WeakValueRegistry("app.sessions._sessions")
    _listeners = WeakSetRegistry("app.events._listeners")

As in `siblings`: each is its type in every way, copies are plain, and the staged forms count
reads in `shadow` and writes in `shadow` and `new`. An entry that goes because its object died is
nobody's write and is not counted.

Hazard: see `_tables.variants`; an entry may go between any two operations, as with the plain types.
"""

from __future__ import annotations

from typing import Any, ClassVar, Iterable, Tuple, TypeVar
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from ._tables.contents import contents
from ._tables.sibling import Sibling, StagedSibling
from .siblings import ITERATION, MAPPING_WRITES, SET_READS, SET_RESULTS, SET_WRITES

_MAPPING_READS = (*ITERATION, "__getitem__", "get", "items", "keys", "values")
K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class WeakKeyRegistry(Sibling, WeakKeyDictionary[K, V]):
    """A WeakKeyDictionary with a name."""

    _outfall_type: ClassVar[type] = WeakKeyDictionary
    _outfall_reads: ClassVar[Tuple[str, ...]] = (*_MAPPING_READS, "keyrefs")
    _outfall_writes: ClassVar[Tuple[str, ...]] = MAPPING_WRITES

    def __init__(self, name: str, initial: Any = ()) -> None:
        super().__init__(dict(initial))
        self._outfall_begin(name)

    def _outfall_plain_copy(self) -> Any:
        return WeakKeyDictionary(dict(self.items()))


class WeakValueRegistry(Sibling, WeakValueDictionary[K, V]):
    """A WeakValueDictionary with a name."""

    _outfall_type: ClassVar[type] = WeakValueDictionary
    _outfall_reads: ClassVar[Tuple[str, ...]] = (*_MAPPING_READS, "itervaluerefs", "valuerefs")
    _outfall_writes: ClassVar[Tuple[str, ...]] = MAPPING_WRITES

    def __init__(self, name: str, initial: Any = ()) -> None:
        super().__init__(initial)
        self._outfall_begin(name)

    def _outfall_plain_copy(self) -> Any:
        return WeakValueDictionary(dict(self.items()))


class WeakSetRegistry(Sibling, WeakSet[T]):
    """A WeakSet with a name."""

    _outfall_type: ClassVar[type] = WeakSet
    _outfall_reads: ClassVar[Tuple[str, ...]] = SET_READS
    _outfall_writes: ClassVar[Tuple[str, ...]] = SET_WRITES
    _outfall_plain_results: ClassVar[Tuple[str, ...]] = SET_RESULTS

    def __init__(self, name: str, initial: Iterable[T] = ()) -> None:
        super().__init__(initial)
        self._outfall_begin(name)

    def _outfall_plain_copy(self) -> Any:
        return WeakSet(contents(self))


class StagedWeakKeyRegistry(StagedSibling, WeakKeyRegistry[K, V]):
    """A `WeakKeyRegistry` on its way from a plain WeakKeyDictionary; flag `use_registry:<name>`."""


class StagedWeakValueRegistry(StagedSibling, WeakValueRegistry[K, V]):
    """A `WeakValueRegistry` on its way from a plain WeakValueDictionary; flag `use_registry:<name>`."""


class StagedWeakSetRegistry(StagedSibling, WeakSetRegistry[T]):
    """A `WeakSetRegistry` on its way from a plain WeakSet; flag `use_registry:<name>`."""
