"""What a process records about each staged state: the evidence.

Hazard: counters are shared by everything in the process, and several objects may carry the same
state's name (a factory that is called more than once, a reloaded module). Counters belong to the
name; they are tallies, so counting takes no lock.
"""

from __future__ import annotations

import os
import threading
import time

from .modes import LEGACY, MODES, RANK, SHADOW
from .tallies import Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

FOLDER_VARIABLE = "OUTFALL_METRICS_DIR"  # where evidence goes
TABLE = "table"
CONTEXT = "context"
MOST_SITES = 50  # call sites remembered per state
OTHER_SITES = "<other>:0"


class StateRecord:
    """Counters of one staged state in this process."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.mode = LEGACY
        self.reads = Tally()  # counted in mode `shadow` only
        self.writes = {mode: Tally() for mode in MODES}
        self.bleed = Tally()
        self.inherited = Tally()
        self.lost = Tally()
        self.would_evict = Tally()
        self.would_reject = Tally()
        self.rollbacks = Tally()
        self._lost_sites: Dict[str, Tally] = {}
        self._seconds = dict.fromkeys(MODES, 0.0)
        self._since = time.monotonic()
        self._changing = threading.RLock()  # the collector may run code that flips the flag

    def enter(self, mode: str) -> None:
        """Note that the state is in `mode` from now on."""
        with self._changing:
            if mode == self.mode:
                return
            now = time.monotonic()
            self._seconds[self.mode] += now - self._since
            self._since = now
            if RANK[mode] < RANK[self.mode] and RANK[self.mode] > RANK[SHADOW]:
                self.rollbacks.add()
            self.mode = mode

    def lose(self, site: str) -> None:
        """Count a read that the new way missed although the old way had the value."""
        self.lost.add()
        sites = self._lost_sites
        if site not in sites and len(sites) >= MOST_SITES:
            site = OTHER_SITES
        sites.setdefault(site, Tally()).add()

    def hours(self) -> Dict[str, float]:
        """Hours spent in each mode so far."""
        with self._changing:
            seconds = dict(self._seconds)
            seconds[self.mode] += time.monotonic() - self._since
        return {mode: round(spent / 3600, 6) for mode, spent in seconds.items()}

    def unbroken(self) -> float:
        """Hours since it entered the mode that it is in."""
        return round((time.monotonic() - self._since) / 3600, 6)

    def lost_sites(self) -> List[Tuple[str, int]]:
        return sorted((site, tally.total()) for site, tally in list(self._lost_sites.items()))

    def as_evidence(self) -> Dict[str, Any]:
        """The record as it stands in an evidence file; numbers and places, never values."""
        reads = {mode: self.reads.total() if mode == SHADOW else 0 for mode in MODES}
        with self._changing:
            mode, hours, unbroken = self.mode, self.hours(), self.unbroken()
        return {
            "type": self.kind,
            "mode": mode,
            "hours": hours,
            "unbroken": unbroken,
            "reads": reads,
            "writes": {mode: tally.total() for mode, tally in self.writes.items()},
            "bleed": self.bleed.total(),
            "inherited": self.inherited.total(),
            "lost": self.lost.total(),
            "would_evict": self.would_evict.total(),
            "would_reject": self.would_reject.total(),
            "rollbacks": self.rollbacks.total(),
            "lost_sites": [{"site": site, "count": count} for site, count in self.lost_sites()],
        }


class StateBook:
    """All staged states of the process, by name."""

    def __init__(self) -> None:
        self._records: Dict[str, StateRecord] = {}

    def record(self, name: str, kind: str) -> StateRecord:
        """The record of a state; made at the first call for its name."""
        found = self._records.get(name)
        return found if found is not None else self._records.setdefault(name, StateRecord(name, kind))

    def get(self, name: str) -> Optional[StateRecord]:
        return self._records.get(name)

    def records(self) -> List[StateRecord]:
        return [record for _, record in sorted(self._records.items())]

    def as_evidence(self) -> Dict[str, Any]:
        return {record.name: record.as_evidence() for record in self.records()}

    def after_fork(self) -> None:
        """A child's evidence is its own: it starts at zero, in the mode it was forked in."""
        for record in list(self._records.values()):
            mode = record.mode
            record.__init__(record.name, record.kind)  # type: ignore[misc]
            record.mode = mode


book = StateBook()  # outfall: ignore[OUT109] the states of the process; written through its methods alone

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=book.after_fork)
