"""What all spans of one trace share, and the W3C header that carries a trace between processes.

Format: https://www.w3.org/TR/trace-context/ (level 1, `traceparent` version 00; later versions are
read as far as version 00 goes, as it asks).

Hazard: a forked child would draw the same ids as its parent. So it gets a generator seeded anew.
"""

from __future__ import annotations

import os
import time
from _random import Random

from .. import flags
from .._common.modes import ENABLED
from .._common.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from .._flags.snapshot import Snapshot

HEX = frozenset("0123456789abcdef")
VERSION_00_LENGTH = 55
SECOND = 1_000_000_000
UNDECIDED = ""
SPAN_BITS, ROOT_BITS = 64, 64 + 128
SPAN_MASK = (1 << SPAN_BITS) - 1
MOST_TRACESTATE = 512  # characters; the least that the standard asks to carry, and the most that we do


class SpanContext(NamedTuple):
    """Where in a trace something stands: what a `traceparent` header says.

    `trace_id` has 32 hexadecimal digits, `span_id` 16. `tracestate` is handed on as it came.
    """

    trace_id: str
    span_id: str
    sampled: bool = True
    tracestate: str = ""

    @property
    def traceparent(self) -> str:
        """The header's value, version 00."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"


def parse_traceparent(header: str, tracestate: str = "") -> Optional[SpanContext]:
    """Read a `traceparent` header; None for one that breaks the format, which starts a trace anew."""
    text = header.strip()
    parts = text.split("-")
    if len(parts) < 4 or [len(part) for part in parts[:4]] != [2, 32, 16, 2] or not HEX.issuperset("".join(parts[:4])):
        return None
    version, trace_id, span_id, flags = parts[:4]
    if version == "ff" or (version == "00" and len(text) != VERSION_00_LENGTH):
        return None
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    state = tracestate.strip()
    return SpanContext(trace_id, span_id, bool(int(flags, 16) & 1), state if len(state) <= MOST_TRACESTATE else "")


def span_id(number: int) -> str:
    """16 hexadecimal digits, of a number of 64 bits, or of 192 in which a root's own are the lowest."""
    return f"{number & SPAN_MASK or 1:016x}"


_generator = Random()
bits = _generator.getrandbits


def _seed() -> None:
    _generator.seed(int.from_bytes(os.urandom(32), "big"))


class WallClock:
    """What to add to the monotonic clock to get the wall clock, in nanoseconds; looked up once a second."""

    __slots__ = ("shift", "until")

    def __init__(self) -> None:
        self.until = 0
        self.renew(time.monotonic_ns())

    def at(self, now: int) -> int:
        """The shift at a monotonic time that is about now."""
        return self.shift if now < self.until else self.renew(now)

    def renew(self, now: int) -> int:
        self.shift = shift = time.time_ns() - time.monotonic_ns()
        self.until = now + SECOND
        return shift


_seed()
wall_clock = WallClock()  # outfall: ignore[OUT109] the process has one wall clock


class Trace:
    """What every span of a trace in this process has from its root, which is usually the trace itself: an object less.

    `_shift` is wall clock less monotonic clock, the same for all its spans: a wall clock that is set
    back during a trace changes neither their order nor their length. A root fills it in
    (`Span.__enter__`), because a call to do that costs as much as doing it.
    """

    __slots__ = ("_flags", "_mode", "_number", "_shift")
    _flags: Snapshot
    _mode: str  # of its staged spans; UNDECIDED until the first of them asks
    _number: int  # of a root 192 bits: the id of its trace, and below it its own; of other spans 64
    _shift: int
    _sampled = True
    _tracestate = ""

    def _apart(self) -> Trace:
        """The same trace as an object of its own, for a root that must not live as long as its spans do."""
        trace = Trace()
        trace._flags, trace._mode, trace._number, trace._shift = self._flags, self._mode, self._number, self._shift
        return trace

    def _trace_id(self) -> str:
        """32 hexadecimal digits."""
        return f"{self._number >> SPAN_BITS or 1:032x}"

    def _pinned(self, name: str, key: object) -> bool:
        """Whether a flag was on at the root.

        Raises:
            UnknownFlag: nothing declares the name.
        """
        if name not in self._flags.declared:  # declared since then
            return flags.enabled(name, key)
        return self._flags.setting(name).mode_for(name, key) in ENABLED


class RemoteTrace(Trace):
    """The part of a trace from another process that runs in this one."""

    __slots__ = ("_sampled", "_tracestate")
    _sampled: bool
    _tracestate: str

    def __init__(self, now: int, context: SpanContext) -> None:
        self._flags = flags.board.seen()
        self._shift = wall_clock.at(now)
        self._mode = UNDECIDED
        self._number = int(context.trace_id, 16) << SPAN_BITS
        self._sampled = context.sampled
        self._tracestate = context.tracestate


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_seed)
