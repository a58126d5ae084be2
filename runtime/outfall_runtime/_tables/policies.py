"""How much a table may hold and for how long, and what happens to what is beyond."""

from __future__ import annotations

from .entry import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

OFF, HOLD, COUNT, KEEP, DROP = "off", "hold", "count", "keep", "drop"
EVICTING = (KEEP, DROP)
IDLE = (OFF, HOLD)
MOST_TOMBSTONES = 10_000


def check_limits(limit: Optional[int], ttl: Optional[float], full: str) -> None:
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}; expected at least 1")
    check_seconds(ttl)
    if full not in ("evict", "reject"):
        raise ValueError(f'full is {full!r}; expected "evict" or "reject"')


def check_seconds(ttl: Optional[float]) -> None:
    """Refuse a time to live that is none; not a number is not above 0 either."""
    if ttl is not None and not ttl > 0:
        raise ValueError(f"ttl is {ttl}; expected seconds above 0")


def oldest_key(mapping: Any) -> Any:
    """The oldest key; `MISSING` when there is none."""
    while True:
        try:
            return next(iter(dict.keys(mapping)), MISSING)
        except RuntimeError:  # another thread changed the table between the two steps
            continue
