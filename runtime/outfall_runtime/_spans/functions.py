"""Spans around functions: one for each call, whatever kind of function it is.

Hazard: a generator runs in the context of whoever asks for the next item. A span that is open
while its generator is suspended would be the consumer's current span. So what is current inside a
generator is put in place for each step and put aside after it.
"""

from __future__ import annotations

from functools import wraps

from .._common.generators import around_async_generator, around_generator
from .chain import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Awaitable, Callable, TypeVar

    from .span import Span

    AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])
    Make = Callable[[], Span]

AT_THE_HEAD = -1


def decorated(make: Make, function: AnyFunction) -> AnyFunction:
    """`function` with a span from `make` around each call; a generator's lasts until its end."""
    from inspect import (
        isasyncgenfunction,
        iscoroutinefunction,
        isgeneratorfunction,
        unwrap,
    )

    code = getattr(unwrap(function), "__code__", decorated.__code__)
    if isasyncgenfunction(function):
        around = around_async_generator(function, lambda: _Steps(make(), code))
    elif isgeneratorfunction(function):
        around = around_generator(function, lambda: _Steps(make(), code))
    elif iscoroutinefunction(function):
        around = _around_coroutine(make, code, function)
    else:
        around = _around_call(make, code, function)
    return wraps(function)(around)  # type: ignore[return-value]


class _Call:
    """The block of one call; the span is said to begin at the head of the function."""

    __slots__ = ("_code", "_span")

    def __init__(self, span: Span, code: CodeType) -> None:
        self._span = span
        self._code = code

    def __enter__(self) -> None:
        self._span.__enter__()
        self._span._begun_at(self._code, AT_THE_HEAD)

    def __exit__(self, *error: Any) -> None:
        self._span.__exit__(*error)


class _Steps(_Call):
    """The block of one generator: the chain that it left is in place during each step, the consumer's after."""

    __slots__ = ("_other",)

    def __enter__(self) -> None:
        self._other = chain.get()
        super().__enter__()
        self._swap()

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        self._swap()
        try:
            return function(*args)
        finally:
            self._swap()

    async def wait(self, awaitable: Awaitable[Any]) -> Any:
        self._swap()
        try:
            return await awaitable
        finally:
            self._swap()

    def _swap(self) -> None:
        here = chain.get()
        chain.set(self._other)  # outfall: ignore[OUT205] swapped back at the end of the step
        self._other = here


def _around_call(make: Make, code: CodeType, function: Callable[..., Any]) -> Callable[..., Any]:
    def around(*args: Any, **kwargs: Any) -> Any:
        with _Call(make(), code):
            return function(*args, **kwargs)

    return around


def _around_coroutine(make: Make, code: CodeType, function: Callable[..., Any]) -> Callable[..., Any]:
    async def around(*args: Any, **kwargs: Any) -> Any:
        with _Call(make(), code):
            return await function(*args, **kwargs)

    return around
