"""Which events are kept: sampling, duplicates, rate.

An event is first sampled, then compared with what was seen, then counted against the rate. A key
that the rate turned away is not remembered as seen.

Hazard: a policy is asked on every thread that emits. Its counts are tallies; the rate takes a lock
for a few steps of arithmetic.
"""

from __future__ import annotations

import threading
from _random import Random
from time import monotonic_ns

from .._common.tallies import Count, Tally
from .event import EVERYTHING
from .window import MOST_KEYS, Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Optional, Sequence, Tuple, Union

    Fields = Dict[str, Any]
    KeyFields = Union[str, Sequence[str]]
    # whether an event is kept; which keys were seen, the field that is the key, a step for each duplicate
    Keeping = Tuple[Callable[[str, Fields], bool], Optional[Window], str, Iterator[int]]

SECOND = 1_000_000_000


class Policy:
    """What is kept of the events that one pattern matches.

    Raises:
        ValueError: a number is out of its range.
    """

    def __init__(
        self,
        pattern: str,
        key: Optional[KeyFields],
        window: float,
        sample: float,
        per_second: Optional[float],
        most_keys: int = MOST_KEYS,
    ) -> None:
        if not 0.0 <= sample <= 1.0:
            raise ValueError(f"sample={sample!r}: expected a share from 0 (never) to 1 (always)")
        if not window > 0.0:
            raise ValueError(f"window={window!r}: expected seconds, more than 0")
        if per_second is not None and not per_second > 0.0:
            raise ValueError(f"per_second={per_second!r}: expected a number above 0; for no events at all, sample=0")
        self.pattern = pattern
        self.sampled_out = Tally()
        self.suppressed = Count()
        self.rate_limited = Tally()
        self.window = None if key is None else Window(window, most_keys)
        names = (key,) if isinstance(key, str) else tuple(key or ())
        self._key = _key_of(names, EVERYTHING in pattern)
        self._only = names[0] if len(names) == 1 and EVERYTHING not in pattern else ""
        self._sample = sample
        self._random = Random().random
        self._rate = None if per_second is None else _Rate(per_second)

    def keeps(self, name: str, fields: Fields) -> bool:
        """Whether this event goes on."""
        if self._sample < 1.0 and self._random() >= self._sample:
            self.sampled_out.add()
            return False
        window, key = self.window, None
        if window is not None:
            key = self._key(name, fields)
            try:
                first = window.is_first(key)
            except TypeError:  # a value that cannot be hashed
                key = repr(key)
                first = window.is_first(key)
            if not first:
                next(self.suppressed.up)
                return False
        if self._rate is not None and not self._rate.allows():
            if window is not None:
                window.forget(key)
            self.rate_limited.add()
            return False
        return True

    def keeping(self) -> Keeping:
        """What tells whether an event is kept, and beside it what tells `emit` at once of a duplicate, as most are in a storm."""
        if self.window is None or not self._only or self._sample < 1.0:
            return self.keeps, None, "", self.suppressed.up
        return self.keeps, self.window, self._only, self.suppressed.up

    def stats(self) -> Dict[str, int]:
        return {
            "sampled_out": self.sampled_out.total(),
            "suppressed": self.suppressed.total(),
            "rate_limited": self.rate_limited.total(),
            "forgotten_keys": 0 if self.window is None else self.window.forgotten.total(),
        }

    def after_fork(self) -> None:
        self._random = Random().random
        if self.window is not None:
            self.window.after_fork()
        if self._rate is not None:
            self._rate.after_fork()
        for number in (self.sampled_out, self.suppressed, self.rate_limited):
            number.clear()


class _Rate:
    """A token bucket that holds one second's worth, so that a burst is no longer than that.

    Tokens are kept as the time that they stand for (the "generic cell rate algorithm", ITU-T I.371).
    """

    __slots__ = ("_burst", "_each", "_free_at", "_lock")

    def __init__(self, per_second: float) -> None:
        self._each = SECOND / per_second
        self._burst = max(SECOND - self._each, 0.0)
        self._free_at = 0.0
        self._lock = threading.RLock()  # a finalizer or a signal handler may emit, too

    def allows(self) -> bool:
        now = monotonic_ns()
        with self._lock:
            if self._free_at - now > self._burst:
                return False
            self._free_at = max(self._free_at, now) + self._each
        return True

    def after_fork(self) -> None:
        self._lock = threading.RLock()


def _key_of(names: Sequence[str], with_name: bool) -> Callable[[str, Fields], Any]:
    """How the key of an event is found; an absent field counts as None."""
    if len(names) == 1 and not with_name:
        [only] = names
        return lambda name, fields: fields.get(only)
    if names:
        return lambda name, fields: (name, *map(fields.get, names))
    return lambda name, fields: name
