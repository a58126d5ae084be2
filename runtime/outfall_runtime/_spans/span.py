"""A span: one piece of work with a name, a beginning, an end, and its place in a trace.

Hazard: a span may be ended late, out of order or in another task. So ending one ends that one and
nothing else (see `chain`). Its length is taken from the monotonic clock.
"""

from __future__ import annotations

import sys
from _weakref import ref
from time import monotonic_ns

from .. import flags
from .book import book
from .chain import chain, innermost, take_out
from .facts import SpanFacts, context_of
from .trace import SPAN_BITS, UNDECIDED, RemoteTrace, bits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, TracebackType
    from typing import Any, Callable, ClassVar, Iterable, Optional, Protocol, Type, TypeVar

    from .facts import Place

    AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])
    AnySpan = TypeVar("AnySpan", bound="Span")
    MadeSpan = TypeVar("MadeSpan", bound="Span", covariant=True)

    class Make(Protocol[MadeSpan]):
        def __call__(
            self, name: str, /, *, parent: Optional[Place] = None, links: Iterable[Place] = (), **attributes: Any
        ) -> MadeSpan: ...

DISOWNED = -1
_getframe, _board = sys._getframe, flags.board
_here, _put, _put_back = chain.get, chain.set, chain.reset  # an imported name's method costs an object at each call
_table, _ended = book.table, book.ended.up


class Span(SpanFacts):
    """A block, the calls of a decorated function, or what lies between `begin` and `end`.

    Made by `span(...)`: calling a class would cost more than all that is done there.
    """

    __slots__ = ("_outer", "_place", "_token")
    _outer: Optional[Span]  # around it, while it is on a chain
    _place: Optional[Place]  # the parent that was asked for
    _token: Any  # of the context that began it, while the span is on its chain
    _make: ClassVar[Make[Span]]
    _held: ClassVar[Type[Span]]  # the class of such spans without a block
    quiet = False  # of the class: a quiet span is handed to nobody

    def __enter__(self) -> "Span":
        if not self.closed or self._end:
            raise RuntimeError(f"span {self.name!r} has begun before; make a new one for each piece of work")
        frame = _getframe(1)
        self._code = frame.f_code
        self._at = frame.f_lasti
        self._start = monotonic_ns()
        self._outer = around = _here()
        if around is not None and (around.closed or around.quiet):
            self._outer = innermost()
            around = self._outside(self._outer)
        if self._place is not None:
            self._join(self._place)
        elif around is not None:
            self._trace = around._trace or around
            self._parent = around._number
        else:
            self._trace = None
            self._flags = _board.seen() if _board.ever_pinned else _board.current
            self._mode = UNDECIDED
            self._parent = 0
        self._number = number = bits(SPAN_BITS) or 1
        _table[number] = self if len(_table) < book.limit else book.one_too_many()
        self.closed = False
        self._token = _put(self)  # an ended span is taken out, in whatever context that happens
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
            del _table[self._number]
        except KeyError:  # another thread was quicker
            return
        self.closed = True
        if _here() is self:  # the usual case of `take_out`
            try:
                _put_back(self._token)
                self._token = self._outer = None
            except (ValueError, TypeError):  # begun in another context, or what was around it is over
                take_out(self)
        else:
            take_out(self)
        if self._end:
            return
        self._end = now
        next(_ended)
        if book.unreported:
            book.report()
        listeners = book.listeners
        if listeners and not self.quiet:
            try:
                for listener in listeners:
                    listener(self)
            except BaseException as failure:
                book.go_on_after(failure, listeners, listener, self)

    def begin(self) -> "Span":
        """Begin without a block; whoever holds the span has to `end` it, in whatever task that is.

        Raises:
            RuntimeError: it has begun before.
        """
        self.__enter__()
        frame = _getframe(1)
        self._begun_at(frame.f_code, frame.f_lasti)
        self._trace = self._trace or self._apart()
        self.__class__ = self._held
        if _table[self._number] is self:
            _table[self._number] = ref(self)
        return self

    def end(self) -> None:
        """End this span and no other, whatever else is open; a second time does nothing."""
        self.__exit__(None, None, None)

    def enabled(self, flag: str, key: object = None) -> bool:
        """Whether a flag was on when the trace began; all spans of a trace give the same answer.

        Raises:
            UnknownFlag: nothing declares the name.
        """
        return (self._trace or self)._pinned(flag, key)

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
        _table[self._number] = None

    def _join(self, parent: Place) -> None:
        if isinstance(parent, SpanFacts):
            self._trace = parent._trace or parent
            self._parent = parent._number
        else:
            self._trace = RemoteTrace(parent)
            self._parent = int(parent.span_id, 16)

    def _outside(self, around: Optional[Span]) -> Optional[Span]:
        """The parent of a span that begins inside another one."""
        return None if around is None else around.audible()

    def audible(self) -> Optional[Span]:
        """This span if listeners will hear of it, else the innermost one around it of which they will."""
        return self

    def _again(self) -> "Span":
        again = self._make(self.name, parent=self._place, links=self.links)
        again._attributes.update(self._attributes)
        return again


class HeldSpan(Span):
    """A span without a block, which leaks when nobody holds it any more before it was ended.

    Hazard: it may be collected while any code runs; see `book`.
    """

    __slots__ = ()

    def __del__(self) -> None:
        if not self.closed and not self._end:
            _table.pop(self._number, None)
            book.forgotten(self)


Span._held = HeldSpan


def maker(kind: Type[AnySpan]) -> Make[AnySpan]:
    """What makes spans of one class."""

    def span(
        name: str, /, parent: Optional[Place] = None, links: Iterable[Place] = (), **attributes: Any
    ) -> AnySpan:
        """A span that has not begun yet: for `with`, as a decorator, or to `begin` and `end`.

        Args:
            name: what is being done; few different names for many spans.
            parent: a span, or what came in a header; by default the current span.
            links: other places that this work has to do with.
            attributes: what is known about it at the start.

        Raises:
            TypeError: the parent or a link is neither a span nor a `SpanContext`.
            RuntimeError: the parent or a link is a span that has not begun.
        """
        made = kind()
        made.closed = True
        made.name = name
        made._end = 0
        made._attributes = attributes
        made._more = None
        made._place = parent
        if parent is not None:
            context_of(parent)
        if links:
            made._link(links)
        return made

    return span


Span._make = staticmethod(maker(Span))
