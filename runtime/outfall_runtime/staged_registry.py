"""`StagedRegistry`: a `Registry` whose behaviour follows a flag.

There is one store in every mode, so a flip of the flag can lose nothing. What changes is what is
done besides: `legacy` is a plain dict in cost and effect; `shadow` counts reads, writes and what
`new` would evict; `new` counts writes and evicts, keeping what it evicted for a rollback;
`enforced` keeps it no longer.

A write past the API (`dict.__setitem__(table, ...)`, or C code that changes a dict in place) is
not told in any mode: a dict keeps no public count of its changes, and comparing sizes or contents
would miss replaced values and call the death of an owner a write. Nothing is lost by it, because
there is one store; it is only not counted.

Hazard: see `_tables.variants`.
"""

from __future__ import annotations

from . import flags
from ._common.modes import ENFORCED, LEGACY, NEW, SHADOW
from ._common.states import TABLE
from ._flags.flag_names import follow, setting, stage
from ._tables.policies import COUNT, DROP, EVICTING, HOLD, KEEP, OFF
from .registry import Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    K = TypeVar("K")
    V = TypeVar("V")


POLICY = {LEGACY: OFF, SHADOW: COUNT, NEW: KEEP, ENFORCED: DROP}


class StagedRegistry(Registry["K", "V"]):
    """A `Registry` on its way from a plain dict; flag `use_registry:<name>`, group `use_registry`."""

    __slots__ = ("_outfall_flag",)

    def _outfall_begin(self) -> None:
        self._outfall_flag, self._outfall.record = stage(self._outfall.name, TABLE)
        follow(self, StagedRegistry._outfall_apply)

    def _outfall_apply(self) -> None:
        """Take over what the flag says now; repeated until no newer snapshot came in between."""
        while True:
            mode, _, snapshot = setting(self._outfall_flag)
            record = self._outfall.record
            if record is not None:
                record.enter(mode)
            self._outfall_take(mode)
            if flags.board.current is snapshot:
                return

    def _outfall_take(self, mode: str) -> None:
        """Behave as a mode demands.

        On the way back writes are watched until everything is back in the table, so that none is
        undone by what comes back. Where another thread has some of it just then, that thread goes on
        with `_outfall_apply` (see `Eviction.bury`).
        """
        upkeep = self._outfall
        policy = POLICY[mode]
        if policy in EVICTING:
            with upkeep.turning:
                if upkeep.policy == OFF:
                    upkeep.policy = HOLD
                    self._outfall_dress()  # nothing is evicted before writes are watched, else one of them would miss it
                upkeep.policy = policy
                self._outfall_dress()
            upkeep.sweep(self)
            if policy == DROP:
                upkeep.tombstones.clear()
            return
        upkeep.policy = HOLD
        upkeep.restore(self)
        with upkeep.turning:
            if upkeep.policy != HOLD or not upkeep.restored():
                return
            upkeep.policy = policy
            self._outfall_dress()
        if policy == COUNT:
            upkeep.sweep(self)

    def _outfall_counts_reads(self) -> bool:
        return self._outfall.policy == COUNT
