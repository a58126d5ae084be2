"""Spans: what the service is doing, what that is part of, how long it took and whether it worked.

    from outfall_runtime import span, spans

    with span("load agents", region="eu") as loading:
        loading.set(rows=len(agents))

    @span("ping")                                  # also async functions and generators
    async def ping(agent): ...

    upload = span("upload").begin()                # ended elsewhere, in whatever order
    upload.end()

    spans.on_end(export)                           # called with every finished span

A span's parent is the span around it, in this task or in the one that started it; a thread has to
carry it along (`context.wrap`, `ContextExecutor`). Between processes: `extract` and `inject`.

Hazard: see `_spans.span`, `_spans.book` and `_spans.functions`.
"""

from __future__ import annotations

from ._spans.book import Leak, book
from ._spans.chain import innermost
from ._spans.facts import ERROR, OK, UNSET, SpanEvent
from ._spans.span import Span
from ._spans.staged import StagedSpan
from ._spans.trace import SpanContext, parse_traceparent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Mapping, MutableMapping, Optional

__all__ = [
    "ERROR",
    "OK",
    "UNSET",
    "Leak",
    "Span",
    "SpanContext",
    "SpanEvent",
    "StagedSpan",
    "current",
    "extract",
    "inject",
    "keep_open",
    "leaks",
    "on_end",
    "open_spans",
    "parse_traceparent",
    "span",
    "staged_span",
    "stats",
]

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"

span = Span._make
staged_span = StagedSpan._make


def current() -> Optional[Span]:
    """The innermost open span of this task; of one that a task was started in, also an ended one.

    Staged spans in `legacy` and `shadow` are passed over, as they are for listeners.
    """
    here = innermost()
    return None if here is None else here.audible()


def extract(headers: Mapping[str, str]) -> Optional[SpanContext]:
    """What a request says about the trace that it belongs to, to be given to `span(parent=...)`.

    Names of headers count in any case. None if there is no `traceparent`, or a malformed one: then
    the standard asks for a new trace, which `parent=None` begins where no span is open.
    """
    found = {name.lower(): value for name, value in headers.items() if name.lower() in (TRACEPARENT, TRACESTATE)}
    return parse_traceparent(found.get(TRACEPARENT, ""), found.get(TRACESTATE, ""))


def inject(headers: MutableMapping[str, str]) -> None:
    """Tell whoever gets a request about the current span; without one, nothing is added."""
    here = current()
    if here is not None:
        context = here.context
        headers[TRACEPARENT] = context.traceparent
        if context.tracestate:
            headers[TRACESTATE] = context.tracestate


def on_end(listener: Callable[[Span], None]) -> Callable[[], None]:
    """Call `listener` with every span that ends; returns a function that ends this.

    It runs on the thread that ended the span, so it should be quick: `events` has queues. One that
    fails is logged the first time, counted always, and harms no other.
    """
    return book.listen(listener)


def open_spans(older_than: float = 0.0) -> List[Span]:
    """The spans that are open now, the oldest first; those that have taken `older_than` seconds or more."""
    return [one for one in book.spans() if one.seconds >= older_than]


def leaks() -> List[Leak]:
    """The latest spans (at most 100) that were begun and never ended, oldest first.

    A span counts as leaked when nothing refers to it any more, or when too many younger ones are
    open beside it (see `keep_open`). Each place is logged once.
    """
    book.report()
    return list(book.leaks)


def keep_open(most: int) -> None:
    """Watch at most this many open spans (10,000 unless said otherwise)."""
    book.limit = most


def stats() -> Dict[str, int]:
    """How many spans are open, ended, ended with an error, leaked; and how often a listener failed."""
    return book.stats()
