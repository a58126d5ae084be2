"""A span: one piece of work with a name, a beginning, an end, and its place in a trace.

Hazard: a span may be ended late, out of order or in another task. So ending one ends that one and
nothing else (see `chain`). Its length is taken from the monotonic clock.
"""

from __future__ import annotations

import sys
from _weakref import ref
from time import monotonic_ns

from .book import NO_SLOT, book
from .chain import MISSING, chain, innermost, take_out
from .facts import SpanFacts, context_of
from .trace import RemoteTrace, Trace, bits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, TracebackType
    from typing import Any, Callable, ClassVar, Iterable, Optional, Type, TypeVar

    from .facts import Place

    AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

DISOWNED = -1
_getframe = sys._getframe
_table, _free, _counts = book.table, book.free, book.counts


class Span(SpanFacts):
    """A block, the calls of a decorated function, or what lies between `begin` and `end`.

    Args:
        name: what is being done; few different names for many spans.
        parent: a span, or what came in a header; by default the current span.
        links: other places that this work has to do with.
        attributes: what is known about it at the start.

    Raises:
        TypeError: the parent or a link is neither a span nor a `SpanContext`.
        RuntimeError: the parent or a link is a span that has not begun.
    """

    __slots__ = ("_outer", "_parent", "_slot", "_token")
    _outer: Optional[Span]  # around it, while it is on a chain
    _slot: int  # in the table of open spans
    _token: Any  # of the context that began it, while the span is on its chain
    _held: ClassVar[Type[Span]]  # the class of such spans without a block
    quiet = False  # of the class: a quiet span is handed to nobody

    def __init__(
        self, name: str, /, *, parent: Optional[Place] = None, links: Iterable[Place] = (), **attributes: Any
    ) -> None:
        self.closed = True
        self._end = 0
        self.name = name
        self._attributes = attributes
        self._more = None
        self._parent = parent
        if parent is not None:
            context_of(parent)
        if links:
            self._link(links)

    def __enter__(self) -> "Span":
        if not self.closed or self._end:
            raise RuntimeError(f"span {self.name!r} has begun before; make a new one for each piece of work")
        frame = _getframe(1)
        self._code = frame.f_code
        self._at = frame.f_lasti
        self._start = now = monotonic_ns()
        self._outer = around = chain.get()
        if around is not None and (around.closed or around.quiet):
            self._outer = innermost()
            around = self._outside(self._outer)
        if self._parent is not None:
            self._join(self._parent, now)
        elif around is not None:
            self._trace = around._trace
            self._parent_id = around._span_id
        else:
            self._trace = Trace(now)
            self._parent_id = 0
        self._span_id = bits(64) or 1
        try:
            self._slot = slot = _free.pop()
            _table[slot] = self
        except IndexError:
            self._slot = book.new_slot(self)
        self.closed = False
        self._token = chain.set(self)  # an ended span is taken out, in whatever context that happens
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if error is not None:
            self.record_error(error)
        if self.closed:
            return
        now = monotonic_ns()
        try:
            slot = self._slot
            del self._slot
        except AttributeError:  # another thread was quicker
            return
        self.closed = True
        before = self._token.old_value
        if chain.get() is self and (before is self._outer or before is MISSING):  # the usual case of `take_out`
            try:
                chain.reset(self._token)
                self._token = self._outer = None
            except ValueError:
                take_out(self)
        else:
            take_out(self)
        if self._end:
            return
        self._end = now
        if slot != NO_SLOT:
            _table[slot] = None
            _counts[slot] += 1  # nobody else has this slot
            _free.append(slot)
        else:
            book.ended_unwatched.add()
        if book.unreported:
            book.report()
        if book.listeners and not self.quiet:
            book.hand_on(self)

    def begin(self) -> "Span":
        """Begin without a block; whoever holds the span has to `end` it, in whatever task that is.

        Raises:
            RuntimeError: it has begun before.
        """
        self.__enter__()
        frame = _getframe(1)
        self._begun_at(frame.f_code, frame.f_lasti)
        self.__class__ = self._held
        if self._slot != NO_SLOT:
            _table[self._slot] = ref(self)
        return self

    def end(self) -> None:
        """End this span and no other, whatever else is open; a second time does nothing."""
        self.__exit__(None, None, None)

    def enabled(self, flag: str, key: object = None) -> bool:
        """Whether a flag was on when the trace began; all spans of a trace give the same answer.

        Raises:
            UnknownFlag: nothing declares the name.
        """
        return self._trace.enabled(flag, key)

    def disown(self) -> None:
        """In a forked child: the parent process ends this span, so it is not handed on here."""
        self._end = DISOWNED

    def __call__(self, function: AnyFunction) -> AnyFunction:
        """Decorate a function, plain, async, generator or async generator: one span for each call."""
        from .functions import decorated

        return decorated(self._again, function)

    def __repr__(self) -> str:
        state = "open" if not self.closed else "ended" if self._end else "not begun"
        return f"<span {self.name!r}, {state}>"

    def _begun_at(self, code: CodeType, at: int) -> None:
        self._code = code
        self._at = at

    def _forget(self) -> None:
        """Be nothing but a place on the chain."""
        self._end = DISOWNED
        book.give_back(self._slot)
        self._slot = NO_SLOT

    def _join(self, parent: Place, now: int) -> None:
        if isinstance(parent, SpanFacts):
            self._trace = parent._trace
            self._parent_id = parent._span_id
        else:
            self._trace = RemoteTrace(now, parent)
            self._parent_id = int(parent.span_id, 16)

    def _outside(self, around: Optional[Span]) -> Optional[Span]:
        """The parent of a span that begins inside another one."""
        return None if around is None else around.audible()

    def audible(self) -> Optional[Span]:
        """This span if listeners will hear of it, else the innermost one around it of which they will."""
        return self

    def _again(self) -> "Span":
        again = type(self)(self.name, parent=self._parent, links=self.links)
        again._attributes.update(self._attributes)
        return again


class HeldSpan(Span):
    """A span without a block, which leaks when nobody holds it any more before it was ended.

    Hazard: it may be collected while any code runs; see `book`.
    """

    __slots__ = ()

    def __del__(self) -> None:
        if not self.closed and not self._end:
            book.give_back(self._slot)
            book.forgotten(self)


Span._held = HeldSpan
