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
from .book import book

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from .._flags.snapshot import Snapshot

HEX = frozenset("0123456789abcdef")
VERSION_00_LENGTH = 55
NANOSECONDS = 1_000_000_000
UNDECIDED = ""
SPAN_BITS = 64
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
    """16 hexadecimal digits."""
    return f"{number:016x}"


_generator = Random()
bits = _generator.getrandbits


def _seed() -> None:
    _generator.seed(int.from_bytes(os.urandom(32), "big"))


_seed()
# The upper half of the ids of all traces that begin here. A forked child keeps it: it may go on with a trace of its
# parent, whose id is the same in both whether or not anybody asked for it before the fork.
_UPPER_HALF = bits(SPAN_BITS)


class Trace:
    """What every span of a trace in this process has from its root, which is usually the trace itself: an object less.

    What few ask for is found when first asked: its id, and by how much the wall clock is ahead of the monotonic one, which
    is then the same for all its spans. So a wall clock that is set back changes neither their order nor their length.
    """

    __slots__ = ("_ahead", "_flags", "_mode", "_number")
    _ahead: int  # nanoseconds; absent until somebody asks when something was
    _flags: Snapshot
    _mode: str  # of its staged spans; UNDECIDED until the first of them asks
    _number: int  # of SPAN_BITS; the root's is also the lower half of the trace's id
    _sampled = True
    _tracestate = ""

    def _apart(self) -> Trace:
        """The same trace as an object of its own, for a root that must not live as long as its spans do."""
        trace = Trace()
        trace._flags, trace._mode, trace._number = self._flags, self._mode, self._number
        return trace

    def _trace_id(self) -> str:
        """32 hexadecimal digits."""
        return f"{_UPPER_HALF:016x}{self._number:016x}"

    def _wall(self, moment: int) -> float:
        """Seconds since the epoch, of a moment on the monotonic clock in nanoseconds."""
        try:
            ahead = self._ahead
        except AttributeError:
            found = time.time_ns() - time.monotonic_ns()
            with book.telling:
                ahead = self._ahead = getattr(self, "_ahead", found)
        return (moment + ahead) / NANOSECONDS

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

    __slots__ = ("_id", "_sampled", "_tracestate")
    _id: str
    _sampled: bool
    _tracestate: str

    def __init__(self, context: SpanContext) -> None:
        self._flags = flags.board.seen()
        self._mode = UNDECIDED
        self._id = context.trace_id
        self._sampled = context.sampled
        self._tracestate = context.tracestate

    def _trace_id(self) -> str:
        return self._id


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_seed)
