"""The registry's siblings: named, process-wide containers of the other types.

    _queue = ListRegistry("app.jobs._queue", [])
    _seen = SetRegistry("app.jobs._seen", set())
    _by_day = DefaultRegistry("app.stats._by_day", list)

Each is its type in every way, with that type's own methods; copies, pickles and `repr` are plain.
Their staged forms (`Staged...`) count reads in `shadow` and writes in `shadow` and `new`, and cost
and do nothing in `legacy`.

Hazard: see `_tables.variants`; single operations are as atomic as the type's own.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from typing import (
    Any,
    Callable,
    ClassVar,
    DefaultDict,
    Deque,
    Iterable,
    Iterator,
    List,
    Optional,
    Set,
    Tuple,
    TypeVar,
)
from typing import Counter as CounterOf
from typing import OrderedDict as OrderedDictOf

from ._common.interpreter import GLOBAL_LOCK
from ._tables.contents import contents, in_order
from ._tables.sibling import Sibling, StagedSibling

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

ITERATION = ("__contains__", "__iter__", "__len__", "__reversed__")
# Without `__iter__` and `__len__`: `dict(table)` and `list(table)` are one step only where these are the dict's own.
_MAPPING_READS = ("__contains__", "__reversed__", "__getitem__", "get", "items", "keys", "values")
MAPPING_WRITES = (
    "__delitem__", "__ior__", "__setitem__", "clear", "move_to_end", "pop", "popitem", "setdefault", "subtract",
    "update",
)  # fmt: skip
_SEQUENCE_WRITES = (
    "__delitem__", "__iadd__", "__imul__", "__setitem__", "append", "appendleft", "clear", "extend", "extendleft",
    "insert", "pop", "popleft", "remove", "reverse", "rotate", "sort",
)  # fmt: skip
SET_WRITES = (
    "__iand__", "__ior__", "__isub__", "__ixor__", "add", "clear", "difference_update", "discard",
    "intersection_update", "pop", "remove", "symmetric_difference_update", "update",
)  # fmt: skip
SET_READS = (*ITERATION, "isdisjoint", "issubset", "issuperset")
SET_RESULTS = (
    "__and__", "__or__", "__sub__", "__xor__", "difference", "intersection", "symmetric_difference", "union",
)  # fmt: skip


class ListRegistry(Sibling, List[T]):
    """A list with a name."""

    __slots__ = ("__weakref__", "_outfall")
    _outfall_type: ClassVar[type] = list
    _outfall_reads: ClassVar[Tuple[str, ...]] = (*ITERATION, "__getitem__", "count", "index")
    _outfall_writes: ClassVar[Tuple[str, ...]] = _SEQUENCE_WRITES

    def __init__(self, name: str, initial: Iterable[T] = ()) -> None:
        super().__init__(initial)
        self._outfall_begin(name)

    def _outfall_plain_copy(self) -> Any:
        return contents(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return list, (), None, iter(contents(self))

    __repr__ = list.__repr__  # by which `pprint` tells a list


class SetRegistry(Sibling, Set[T]):
    """A set with a name."""

    __slots__ = ("_outfall",)
    _outfall_type: ClassVar[type] = set
    _outfall_reads: ClassVar[Tuple[str, ...]] = SET_READS
    _outfall_writes: ClassVar[Tuple[str, ...]] = SET_WRITES
    _outfall_plain_results: ClassVar[Tuple[str, ...]] = SET_RESULTS

    def __init__(self, name: str, initial: Iterable[T] = ()) -> None:
        super().__init__(initial)
        self._outfall_begin(name)

    if not GLOBAL_LOCK:

        def __iter__(self) -> Iterator[T]:
            """Over a copy: `list` and `sorted` copy a plain set in one step, and ours, as any subclass, item by item."""
            return iter(set(self))

    def _outfall_plain_copy(self) -> Any:
        return set(self)


class DequeRegistry(Sibling, Deque[T]):
    """A deque with a name."""

    __slots__ = ("_outfall",)
    _outfall_type: ClassVar[type] = deque
    _outfall_reads: ClassVar[Tuple[str, ...]] = (*ITERATION, "__getitem__", "count", "index")
    _outfall_writes: ClassVar[Tuple[str, ...]] = _SEQUENCE_WRITES
    _outfall_plain_results: ClassVar[Tuple[str, ...]] = ("__add__", "__mul__", "__rmul__")

    def __init__(self, name: str, initial: Iterable[T] = (), maxlen: Optional[int] = None) -> None:
        super().__init__(initial, maxlen)
        self._outfall_begin(name)

    def _outfall_plain_copy(self) -> Any:
        return deque(contents(self), self.maxlen)


class DefaultRegistry(Sibling, DefaultDict[K, V]):
    """A defaultdict with a name."""

    __slots__ = ("__weakref__", "_outfall")
    _outfall_type: ClassVar[type] = defaultdict
    _outfall_reads: ClassVar[Tuple[str, ...]] = _MAPPING_READS
    _outfall_writes: ClassVar[Tuple[str, ...]] = (*MAPPING_WRITES, "__missing__")
    _outfall_plain_results: ClassVar[Tuple[str, ...]] = ("__or__", "__ror__")

    def __init__(self, name: str, default_factory: Optional[Callable[[], V]] = None, initial: Any = ()) -> None:
        super().__init__(default_factory, initial)
        self._outfall_begin(name)

    def _outfall_plain_copy(self) -> Any:
        return defaultdict(self.default_factory, contents(self))


class OrderedRegistry(Sibling, OrderedDictOf[K, V]):
    """An OrderedDict with a name."""

    _outfall_type: ClassVar[type] = OrderedDict
    _outfall_reads: ClassVar[Tuple[str, ...]] = _MAPPING_READS
    _outfall_writes: ClassVar[Tuple[str, ...]] = MAPPING_WRITES
    _outfall_plain_results: ClassVar[Tuple[str, ...]] = ("__or__", "__ror__")

    def __init__(self, name: str, initial: Any = ()) -> None:
        super().__init__(initial)
        self._outfall_begin(name)

    def _outfall_plain_copy(self) -> Any:
        return OrderedDict(in_order(self))


class CounterRegistry(Sibling, CounterOf[K]):
    """A Counter with a name."""

    _outfall_type: ClassVar[type] = Counter
    _outfall_reads: ClassVar[Tuple[str, ...]] = (*_MAPPING_READS, "elements", "most_common")
    _outfall_writes: ClassVar[Tuple[str, ...]] = MAPPING_WRITES
    _outfall_plain_results: ClassVar[Tuple[str, ...]] = ("__neg__", "__pos__")

    def __init__(self, name: str, initial: Any = ()) -> None:
        super().__init__(initial)
        self._outfall_begin(name)

    def _outfall_plain_copy(self) -> Any:
        return Counter(dict(contents(self)))


class StagedListRegistry(StagedSibling, ListRegistry[T]):
    """A `ListRegistry` on its way from a plain list; flag `use_registry:<name>`."""

    __slots__ = ()


class StagedSetRegistry(StagedSibling, SetRegistry[T]):
    """A `SetRegistry` on its way from a plain set; flag `use_registry:<name>`."""

    __slots__ = ()


class StagedDequeRegistry(StagedSibling, DequeRegistry[T]):
    """A `DequeRegistry` on its way from a plain deque; flag `use_registry:<name>`."""

    __slots__ = ()


class StagedDefaultRegistry(StagedSibling, DefaultRegistry[K, V]):
    """A `DefaultRegistry` on its way from a plain defaultdict; flag `use_registry:<name>`."""

    __slots__ = ()


class StagedOrderedRegistry(StagedSibling, OrderedRegistry[K, V]):
    """An `OrderedRegistry` on its way from a plain OrderedDict; flag `use_registry:<name>`."""


class StagedCounterRegistry(StagedSibling, CounterRegistry[K]):
    """A `CounterRegistry` on its way from a plain Counter; flag `use_registry:<name>`."""
