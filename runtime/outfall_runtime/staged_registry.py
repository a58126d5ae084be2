"""`StagedRegistry`: a `Registry` whose behaviour follows a flag.

There is one store in every mode, so a flip of the flag can lose nothing. What changes is what is
done besides: `legacy` is a plain dict in cost and effect; `shadow` counts reads, writes and what
`new` would evict; `new` counts writes and evicts, keeping what it evicted for a rollback;
`enforced` keeps it no longer.

A write past the API (`dict.__setitem__(table, ...)`, or C code that changes a dict in place) is
not told in any mode: a dict keeps no public count of its changes, and comparing sizes or contents
would miss replaced values and call the death of an owner a write. Nothing is lost by it, because
there is one store; it is only not counted.

Hazard: see `_variants`.
"""

from __future__ import annotations


from . import flags
from ._flag_names import follow, setting, stage
from ._modes import ENFORCED, LEGACY, NEW, SHADOW
from ._states import TABLE
from ._eviction import COUNT, DROP, EVICTING, HOLD, KEEP, OFF
from .registry import Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Mapping, Optional, Tuple, TypeVar, Union

    K = TypeVar("K")
    V = TypeVar("V")


POLICY = {LEGACY: OFF, SHADOW: COUNT, NEW: KEEP, ENFORCED: DROP}


class StagedRegistry(Registry["K", "V"]):
    """A `Registry` on its way from a plain dict; flag `use_registry:<name>`, group `use_registry`."""

    __slots__ = ("_outfall_flag",)

    def __init__(
        self,
        name: str,
        initial: Union[Mapping[K, V], Iterable[Tuple[K, V]]] = (),
        *,
        limit: Optional[int] = None,
        full: str = "evict",
        ttl: Optional[float] = None,
    ) -> None:
        super().__init__(name, initial, limit=limit, full=full, ttl=ttl)
        self._outfall_flag, self._outfall.record = stage(name, TABLE)
        follow(self, StagedRegistry._outfall_apply)

    def _outfall_apply(self) -> None:
        """Take over what the flag says now; repeated until no newer snapshot came in between."""
        upkeep = self._outfall
        while True:
            mode, _, snapshot = setting(self._outfall_flag)
            if upkeep.record is not None:
                upkeep.record.enter(mode)
            if POLICY[mode] in EVICTING:
                upkeep.policy = POLICY[mode]
                self._outfall_dress()
                upkeep.sweep(self)
                if mode == ENFORCED:
                    upkeep.tombstones.clear()
            else:  # writes are watched until everything is back, so that none is undone by what comes back
                upkeep.policy = HOLD
                upkeep.restore(self)
                upkeep.policy = POLICY[mode]
                self._outfall_dress()
                if mode == SHADOW:
                    upkeep.sweep(self)
            if flags.board.current is snapshot:
                return

    def _outfall_counts_reads(self) -> bool:
        return self._outfall.policy == COUNT
