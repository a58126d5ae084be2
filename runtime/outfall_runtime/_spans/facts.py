"""What is known about a span: attributes, events, links, how it went, and where and when it was.

A span is its work's own: the code that does the work says these things, usually in one task. They
are kept by reference and bounded in number; what is too much is counted.

Hazard: the work may go on in several threads, which all say something of the same span. What takes
more than one step is done under a lock that is held for these steps only.
"""

from __future__ import annotations

from time import monotonic_ns
from types import MappingProxyType

from .._common import sites
from .._common.record import NamedTuple
from .book import book
from .trace import NANOSECONDS, SpanContext, Trace, span_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import (
        Any,
        Dict,
        Iterable,
        List,
        Mapping,
        Optional,
        Tuple,
        TypeVar,
        Union,
    )

    Self = TypeVar("Self", bound="SpanFacts")
    Place = Union["SpanFacts", SpanContext]

MOST = 128  # attributes, events and links that a span keeps, each; OpenTelemetry's default limit
UNSET, OK, ERROR = "unset", "ok", "error"


class SpanEvent(NamedTuple):
    """Something that happened at one moment of a span. `time` is in seconds since the epoch."""

    name: str
    time: float
    fields: Mapping[str, Any]


class _More:
    """What few spans have; made when it is first needed."""

    __slots__ = ("dropped", "events", "links", "message", "status")

    def __init__(self) -> None:
        self.status = UNSET
        self.message = ""
        self.events: List[SpanEvent] = []
        self.links: Tuple[SpanContext, ...] = ()
        self.dropped = 0


_NOTHING_MORE = _More()  # read only


class SpanFacts(Trace):
    """The part of a span that does not care how it begins and ends."""

    __slots__ = (
        "__weakref__", "_at", "_attributes", "_code", "_end", "_more", "_parent", "_start", "_trace",
        "closed", "name",
    )  # fmt: skip
    closed: bool
    name: str
    _at: int
    _attributes: Dict[str, Any]
    _code: CodeType
    _end: int  # monotonic nanoseconds; 0 before the end, -1 where another process has to end it
    _more: Optional[_More]
    _parent: int  # the number of the span around it; 0 for a root
    _start: int
    _trace: Optional[Trace]  # None: it is the root, and its trace itself

    # -- telling

    def set(self: Self, **attributes: Any) -> Self:
        """Add attributes or replace them; after the end, nothing."""
        if not self.closed:
            known = self._attributes
            for name, value in attributes.items():
                if len(known) < MOST or name in known:
                    known[name] = value
                else:
                    self._drop(1)
        return self

    def event(self: Self, name: str, /, **fields: Any) -> Self:
        """Note that something happened now."""
        if not self.closed:
            more = self._extra()
            if len(more.events) < MOST:
                more.events.append(SpanEvent(name, (self._trace or self)._wall(monotonic_ns()), fields))
            else:
                self._drop(1)
        return self

    def link(self: Self, place: Place) -> Self:
        """Note another place that this work has to do with.

        Raises:
            TypeError: it is neither a span nor a `SpanContext`.
        """
        if not self.closed:
            self._link((place,))
        return self

    def ok(self: Self) -> Self:
        """Say for good that the work went well, whatever errors are recorded."""
        return self._conclude(OK, "")

    def fail(self: Self, message: str) -> Self:
        """Say that the work failed, without an exception."""
        return self._conclude(ERROR, message)

    def record_error(self: Self, error: BaseException) -> Self:
        """Note an exception: an event with its type, message and place, and the status `error`.

        A generator that is closed has not failed, and neither has a task that is cancelled.
        """
        if isinstance(error, GeneratorExit):
            return self
        kind = type(error)
        if kind.__name__ == "CancelledError":
            return self.event("cancelled")
        message = _text(error)
        self.event("exception", type=f"{kind.__module__}.{kind.__qualname__}", message=message, where=_raised_at(error))
        return self._conclude(ERROR, f"{kind.__name__}: {message}")

    # -- reading

    @property
    def context(self) -> SpanContext:
        """What other processes have to know to go on from here.

        Raises:
            RuntimeError: the span has not begun.
        """
        if not hasattr(self, "_number"):
            raise RuntimeError(f"span {self.name!r} has not begun; enter it with `with`, or call `begin()`")
        trace = self._trace or self
        return SpanContext(trace._trace_id(), span_id(self._number), trace._sampled, trace._tracestate)

    @property
    def parent_id(self) -> str:
        """The id of the span around this one, 16 hexadecimal digits; empty for the root of a trace."""
        return span_id(self._parent) if self._parent else ""

    @property
    def began(self) -> float:
        """Seconds since the epoch."""
        return (self._trace or self)._wall(self._start)

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        end = self._end if self._end > 0 else monotonic_ns()
        return (end - self._start) / NANOSECONDS

    @property
    def where(self) -> str:
        """Where in the code it began, as `app/agents.py:12`."""
        return sites.code_site(self._code, self._at)

    @property
    def attributes(self) -> Mapping[str, Any]:
        return MappingProxyType(self._attributes)

    @property
    def events(self) -> Tuple[SpanEvent, ...]:
        return tuple((self._more or _NOTHING_MORE).events)

    @property
    def links(self) -> Tuple[SpanContext, ...]:
        return (self._more or _NOTHING_MORE).links

    @property
    def status(self) -> str:
        """`unset`, `ok` or `error`."""
        return (self._more or _NOTHING_MORE).status

    @property
    def message(self) -> str:
        """Why it failed; empty if it did not."""
        return (self._more or _NOTHING_MORE).message

    @property
    def dropped(self) -> int:
        """How many attributes, events and links were too many."""
        return (self._more or _NOTHING_MORE).dropped

    def as_dict(self) -> Dict[str, Any]:
        """Everything as plain values; attributes and fields are the user's own."""
        context = self.context
        return {
            "name": self.name,
            "trace_id": context.trace_id,
            "span_id": context.span_id,
            "parent_id": self.parent_id,
            "sampled": context.sampled,
            "tracestate": context.tracestate,
            "began": self.began,
            "seconds": self.seconds,
            "status": self.status,
            "message": self.message,
            "where": self.where,
            "attributes": dict(self._attributes),
            "events": [{"name": one.name, "time": one.time, "fields": dict(one.fields)} for one in self.events],
            "links": [link.traceparent for link in self.links],
            "dropped": self.dropped,
        }

    def _link(self, places: Iterable[Place]) -> None:
        contexts = tuple(map(context_of, places))
        more = self._extra()
        with book.telling:
            room = MOST - len(more.links)
            more.links += contexts[:room]
            more.dropped += len(contexts[room:])

    def _conclude(self: Self, status: str, message: str) -> Self:
        if not self.closed:
            more = self._extra()
            with book.telling:
                if more.status != OK:
                    if status == ERROR and more.status == UNSET:
                        book.errors.add()
                    more.status, more.message = status, message
        return self

    def _drop(self, many: int) -> None:
        more = self._extra()
        with book.telling:
            more.dropped += many

    def _extra(self) -> _More:
        more = self._more
        if more is None:
            made = _More()
            with book.telling:
                more = self._more = self._more or made
        return more


def context_of(place: Place) -> SpanContext:
    """Where a span stands, or what came in a header.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(place, SpanContext):
        return place
    if isinstance(place, SpanFacts):
        return place.context
    raise TypeError(
        f"{place!r} is no place in a trace; expected a span or a SpanContext (`spans.extract(headers)` reads one)"
    )


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the exception's own code failed
        return "<no text>"


def _raised_at(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return sites.UNKNOWN if trace is None else sites.code_site(trace.tb_frame.f_code, trace.tb_lasti)
