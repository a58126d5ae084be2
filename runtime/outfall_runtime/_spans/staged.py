"""Spans that follow the flag `use_spans`, while a hand-rolled stack still does the work beside them.

| mode | what a staged span does |
|---|---|
| `legacy` | holds its place, so that a trace stays to its end what it was at its root; nothing more |
| `shadow` | is recorded: parents, errors, leaks and numbers; listeners and headers do not see it |
| `new`, `enforced` | is recorded and handed on, as a plain span is |

The flag is looked up once in a trace, among the flags of its root. A percentage goes by the
context's `rollout_key`, else by the trace id, which is the same in every process of a trace.
"""

from __future__ import annotations

import sys

from .. import context
from .._common.modes import ENABLED, LEGACY
from .book import book
from .chain import innermost
from .span import HeldSpan, Span, maker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar, Optional

    from .span import Make
    from .trace import Trace

FLAG = "use_spans"


class StagedSpan(Span):
    """A span of which the flag `use_spans` decides whether it is recorded and whether it is handed on."""

    __slots__ = ("_audible", "quiet")
    _make: ClassVar[Make[StagedSpan]]
    _audible: Optional[Span]
    quiet: bool

    def __enter__(self) -> "StagedSpan":
        around = innermost()
        self._audible = None if around is None else around.audible()
        super().__enter__()
        frame = sys._getframe(1)
        self._begun_at(frame.f_code, frame.f_lasti)
        trace = self._trace or self
        mode = trace._mode or _decide(trace)
        self.quiet = mode not in ENABLED
        if mode == LEGACY:
            self._forget()
        return self

    def _outside(self, around: Optional[Span]) -> Optional[Span]:
        """Among its like, a staged span has the parent that it will have when they are handed on."""
        return around

    def audible(self) -> Optional[Span]:
        return self._audible if self.quiet else self


class HeldStagedSpan(StagedSpan, HeldSpan):
    """A staged span without a block."""

    __slots__ = ()


StagedSpan._held = HeldStagedSpan
StagedSpan._make = staticmethod(maker(StagedSpan))


def _decide(trace: Trace) -> str:
    setting = trace._flags.setting(FLAG)
    key = None
    if setting.percent is not None:
        key = context.current().get(context.ROLLOUT_KEY, trace._trace_id())
    mode = setting.mode_for(FLAG, key)
    with book.telling:
        trace._mode = mode = trace._mode or mode  # another thread may have been quicker, with another key
    return mode
