"""`Registry`: a named, process-wide dict whose entries can have owners, limits and a time to live.

    agents = Registry("app.agents._agents")
    agents["a"] = agent                              # a dict in every way
    agents.register("b", agent, owner=connection)    # goes when `connection` dies

Hazard: a process-wide dict is read by everybody and written by anybody. Reads are the dict's own
and take no lock. What is more than one step (`register`, `get_or_create`, `increment`) claims its
key, so that it is atomic against every other such step. A plain write to a table of which nothing
is watched claims nothing: it comes before such a step or after it, but may be lost to an `increment`.
"""

from __future__ import annotations

from ._tables import catalogue
from ._tables.claims import NOBODY, UNSAID
from ._tables.deaths import OwnedEntry, died, plain_owners
from ._tables.entry import MISSING, NEVER
from ._tables.managed import read_hook, write_hook
from ._tables.policies import OFF
from ._tables.upkeep import NOTHING, Upkeep
from ._tables.variants import variant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (
        Any,
        Callable,
        ClassVar,
        Dict,
        Iterable,
        List,
        Mapping,
        Optional,
        Tuple,
        TypeVar,
        Union,
        overload,
    )

    K = TypeVar("K")
    V = TypeVar("V")

_contains, _pop, _setdefault = dict.__contains__, dict.pop, dict.setdefault
_list: Any = list  # the class has a method of that name


class Registry(dict["K", "V"]):
    """A dict with a name; without one, as generic code makes it by `type(table)(items)`, a plain dict.

    Args:
        name: the state's qualified name, such as `"app.agents._agents"`.
        initial: what a dict could be made of.
        limit: the most entries it may hold.
        full: at the limit, `"evict"` the oldest entry or `"reject"` what `register` brings.
        ttl: seconds after which an entry written from now on is over.
    """

    __slots__ = ("__weakref__", "_outfall")
    _outfall: Upkeep
    _outfall_type: ClassVar[type] = dict
    _outfall_reads: ClassVar[Tuple[str, ...]] = (  # see `siblings` about those that are missing here
        "__contains__", "__eq__", "__getitem__", "__ne__", "__or__", "__reversed__", "__ror__",
        "get", "items", "keys", "values",
    )  # fmt: skip
    _outfall_writes: ClassVar[Tuple[str, ...]] = (
        "__delitem__", "__ior__", "__setitem__", "clear", "pop", "popitem", "setdefault", "update",
    )  # fmt: skip

    if TYPE_CHECKING:  # a union of both would keep mypy from reading the declared type into a literal

        @overload
        def __init__(
            self, name: str, initial: Mapping[K, V] = ..., *, limit: Optional[int] = ..., full: str = ..., ttl: Optional[float] = ...
        ) -> None: ...

        @overload
        def __init__(
            self, name: str, initial: Iterable[Tuple[K, V]], *, limit: Optional[int] = ..., full: str = ..., ttl: Optional[float] = ...
        ) -> None: ...

    else:  # checkers ask for the name

        def __new__(cls, *args: Any, **named: Any) -> Any:
            nameless = "name" not in named and not (args and isinstance(args[0], str))
            made_plain = nameless and cls.__init__ is Registry.__init__  # else a subclass gives the name
            return cls._outfall_type(*args, **named) if made_plain else super().__new__(cls)

    def __init__(
        self,
        name: str,
        initial: Union[Mapping[K, V], Iterable[Tuple[K, V]]] = (),
        *,
        limit: Optional[int] = None,
        full: str = "evict",
        ttl: Optional[float] = None,
    ) -> None:
        super().__init__(initial)
        self._outfall = Upkeep(name, self, limit, ttl, full)
        catalogue.add(name, self)
        self._outfall_begin()

    def register(
        self,
        key: K,
        value: V,
        *,
        owner: object = None,
        metadata: Optional[Mapping[str, Any]] = None,
        ttl: Optional[float] = None,
    ) -> None:
        """Add a key that is not there.

        Args:
            owner: whoever the entry lives for (see `owners`); None: it stays until removed.
            ttl: seconds; overrides the registry's own.

        Raises:
            AlreadyRegistered: the key is there and its owner, if it has one, is alive.
            RegistryFull: the registry is at its limit and rejects.
            TypeError: the owner cannot be referenced weakly.
        """
        upkeep, displaced = self._outfall, None
        held, claim = upkeep.held, [UNSAID]
        if held.setdefault(key, claim) is not claim:
            upkeep.claims.wait_for(key, claim)
        try:
            if (
                type(owner) in plain_owners and ttl is None and metadata is None and upkeep.simple
                and not upkeep.tombstones and not _contains(self, key)
            ):  # fmt: skip  # the usual case, in as few steps as can be
                entry = OwnedEntry(owner, died)
                entry.upkeep, entry.key, entry.value = upkeep.weak, key, value
                entry.metadata, entry.expires = NOTHING, NEVER
                stale: Any = upkeep.entries.setdefault(key, entry)
                if stale is not entry:
                    upkeep.entries[key] = entry
                if _setdefault(self, key, value) is value:
                    if upkeep.dressed:
                        return
                else:  # a plain write that nobody watches came first
                    del upkeep.entries[key]
                    raise upkeep.refusal(key)
            else:
                if upkeep.tombstones:
                    claim.append(NOBODY)
                displaced = upkeep.register(self, key, value, owner, metadata, ttl)
        finally:
            del held[key]
            if len(claim) > 1 or upkeep.dead:
                upkeep.hand_on(claim)
        upkeep.added(self, key, displaced)
        self._outfall_dress()

    def unregister(self, key: K) -> V:
        """Remove a key and return its value.

        Raises:
            KeyError: it is not there.
        """
        upkeep = self._outfall
        held, claim = upkeep.held, [UNSAID]
        if held.setdefault(key, claim) is not claim:
            upkeep.claims.wait_for(key, claim)
        try:
            stale: Any = upkeep.entries.pop(key, None)  # kept until the key is given back
            if upkeep.tombstones:
                claim.append(NOBODY)
                stale = stale, upkeep.tombstones.pop(key, None)  # noqa: F841
            return _pop(self, key)
        finally:
            del held[key]
            if len(claim) > 1 or upkeep.dead:
                upkeep.hand_on(claim)

    def get_or_create(
        self, key: K, factory: Callable[[], V], *, owner: object = None, ttl: Optional[float] = None
    ) -> V:
        """The key's value, made by `factory` if there is none; once, however many threads ask.

        Raises:
            RuntimeError: the factory asks for the key that it is making.
        """
        value: V = self._outfall.get_or_create(self, key, factory, owner, ttl)
        if not self._outfall.dressed or ttl is not None:
            self._outfall_dress()
        return value

    def increment(self, key: K, by: Any = 1) -> V:
        """Add to the key's number, atomically, and return the sum; an absent key counts as 0."""
        value: V = self._outfall.increment(self, key, by)
        return value

    def metadata(self, key: K) -> Mapping[str, Any]:
        """What was registered about a key; empty if nothing was.

        Raises:
            KeyError: the key is not there.
        """
        entry = self._outfall.entry(key, dict.__getitem__(self, key))
        return {} if entry is None else dict(entry.metadata)

    def update_metadata(self, key: K, **fields: Any) -> None:
        """Add to what is registered about a key.

        Raises:
            KeyError: the key is not there.
        """
        self._outfall.update_metadata(self, key, fields)
        self._outfall_dress()

    def list(self) -> "List[Tuple[K, V]]":
        """The entries that are not over, as they are at this moment."""
        live = self._outfall.live
        return [(key, value) for key, value in _list_items(self) if live(self, key) is not MISSING]

    def find(self, **metadata: Any) -> "List[Tuple[K, V]]":
        """The entries whose metadata has all the given fields."""
        return [(key, value) for key, value in self.list() if self._outfall_matches(key, value, metadata)]

    def sweep(self) -> int:
        """Remove what is over now instead of when it is noticed; returns how many entries went."""
        return self._outfall.sweep(self)

    def stats(self) -> Dict[str, Any]:
        """Numbers about the registry: size, entries with an owner, evicted so far, its limits."""
        upkeep = self._outfall
        entries = _list(upkeep.entries.values())
        return {
            "name": upkeep.name,
            "size": dict.__len__(self),
            "owned": sum(entry.guard is not None for entry in entries),
            "expiring": sum(entry.expires is not NEVER for entry in entries),
            "evicted": upkeep.evicted.total(),
            "limit": upkeep.limit,
            "ttl": upkeep.ttl,
        }

    def copy(self) -> Dict[K, V]:
        return dict(_list_items(self))

    __copy__ = copy

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (), None, None, iter(_list_items(self))  # filled when it is known, for it may hold itself

    def _outfall_matches(self, key: K, value: V, wanted: Mapping[str, Any]) -> bool:
        entry = self._outfall.entry(key, value)
        known = {} if entry is None else entry.metadata
        return all(name in known and known[name] == expected for name, expected in wanted.items())

    def _outfall_begin(self) -> None:
        """The last step of making it."""
        self._outfall_dress()

    def _outfall_dress(self) -> None:
        """Take the class that watches what has to be watched now."""
        if type(self) is self._outfall_wanted():
            return
        upkeep = self._outfall
        with upkeep.turning:
            while True:
                wanted = self._outfall_wanted()
                upkeep.dressed = wanted is not upkeep.plain
                if type(self) is not wanted:
                    self.__class__ = wanted
                if self._outfall_wanted() is wanted:  # else another thread changed what is to be watched meanwhile
                    return

    def _outfall_wanted(self) -> Any:
        upkeep = self._outfall
        plain = upkeep.plain
        if upkeep.policy == OFF:
            return plain
        reads: Tuple[str, ...] = ()
        if upkeep.next_expiry is not NEVER or upkeep.ttl is not None:
            reads = (*plain._outfall_reads, "__iter__", "__len__")
        elif self._outfall_counts_reads():
            reads = plain._outfall_reads
        writes = upkeep.managed or upkeep.record is not None
        return variant(plain, read_hook, write_hook, reads, writes) if reads or writes else plain

    def _outfall_counts_reads(self) -> bool:
        return False


def _list_items(table: Dict[K, V]) -> "List[Tuple[K, V]]":
    return list(dict.items(table))
