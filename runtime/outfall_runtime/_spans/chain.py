"""Which spans are open in a context, innermost first: a chain that heals itself.

A span on the chain refers to the one around it. Ending it takes it out of the chain of the context
that began it, wherever it stands there. What other contexts make of a span that has ended depends on
where that was; the `ContextVar` tells, because it takes a token back only in the context that gave it:

- ended in the context that began it: a task that was started inside keeps it, as the parent of what
  it does. What is around it is forgotten, so that a chain of tasks that start each other stays short;
- ended anywhere else, it is *stray*: nobody can say any more who was started inside, and the context
  that began it may go on for ever. Everybody passes it over.

Hazard: restoring "the span from before" would bring spans back that are over. Nothing is restored.
"""

from __future__ import annotations

from contextvars import Token

from .._contexts.variables import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import ContextVar
    from typing import Any, Optional

    from .span import Span

chain: ContextVar[Optional[Span]] = variable("outfall_span", None)
_token = chain.set(None)
MISSING: Any = _token.old_value  # `Token.MISSING`, which sub-interpreters of 3.12 and 3.13 do not have
chain.reset(_token)
STRAY: Any = "stray"  # in the place of a token


def innermost() -> Optional[Span]:
    """The innermost span of this context: an open one, or the ended one that its work was started in."""
    top = found = chain.get()
    while found is not None and found._token is STRAY:
        found = found._outer
    if found is not top:
        chain.set(found)  # outfall: ignore[OUT205] it is the chain less what is over
    return found


class Cut:
    """In the place of a token that would bring back a span that is over."""

    __slots__ = ("token",)

    def __init__(self, token: Token[Optional[Span]]) -> None:
        self.token = token


def take_out(span: Span) -> None:
    """Take a span that has just ended out of the chain."""
    top, token, outer = chain.get(), span._token, span._outer
    if type(token) is Cut:
        token = token.token
    try:
        chain.reset(token)
    except ValueError:
        span._token = STRAY
        return
    if top is span:
        if token.old_value is not MISSING:
            chain.set(outer)  # outfall: ignore[OUT205] it is the chain less what is over
    else:
        chain.set(top)  # outfall: ignore[OUT205] it is put back as it was
        above = top
        while above is not None and above._outer is not span:
            above = above._outer
        if above is not None:
            above._outer = outer
            if type(above._token) is Token:
                above._token = Cut(above._token)
    span._token = span._outer = None
