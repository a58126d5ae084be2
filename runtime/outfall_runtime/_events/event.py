"""An event, and which patterns its name matches."""

from __future__ import annotations

from types import MappingProxyType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping, Optional, Tuple

    from .._spans.span import Span
    from .._spans.trace import SpanContext

    Raw = Tuple[str, Dict[str, Any], float, Optional[Span]]  # as it waits: a plain tuple is made faster

EVERYTHING = "*"


class Event(tuple):  # type: ignore[type-arg]
    """Something that happened: a name, when that was, what is known about it, and in which span.

    Made from name, fields, seconds since the epoch and span.
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        return self[0]  # type: ignore[no-any-return]

    @property
    def fields(self) -> Mapping[str, Any]:
        return MappingProxyType(self[1])

    @property
    def time(self) -> float:
        """Seconds since the epoch."""
        return self[2]  # type: ignore[no-any-return]

    @property
    def span(self) -> Optional[SpanContext]:
        """The span that was current where it happened."""
        span = None if self[3] is None else self[3].audible()
        return None if span is None else span.context

    def as_dict(self) -> Dict[str, Any]:
        """Everything as plain values; the fields are the user's own."""
        span = self.span
        return {
            "name": self.name,
            "time": self.time,
            "trace_id": "" if span is None else span.trace_id,
            "span_id": "" if span is None else span.span_id,
            "fields": dict(self[1]),
        }

    def __repr__(self) -> str:
        return f"<event {self[0]!r} {self[1]!r}>"


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern, in which `*` stands for any characters or none."""
    first, *others = pattern.split(EVERYTHING)
    if not others:
        return pattern == name
    last = others.pop()
    if not name.startswith(first) or not name.endswith(last) or len(name) < len(first) + len(last):
        return False
    at, end = len(first), len(name) - len(last)
    for part in others:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def rank(pattern: str) -> Tuple[bool, int]:
    """Of two patterns that match a name, the higher one is the more specific."""
    return EVERYTHING not in pattern, len(pattern) - pattern.count(EVERYTHING)
