"""`isolate`: a generator with a context of its own.

    @isolate
    def rows():
        with context.use(table="users"):
            yield from fetch()          # the consumer does not see `table`

Hazard: a generator runs in the context of whoever asks for the next item. What it sets there is
seen by its consumer while it is suspended, and what it set is unset in a context that may be
another one. An isolated generator runs every step in one copy of the context of its first step.
"""

from __future__ import annotations

from contextvars import Context
from functools import wraps
from typing import Any, Callable, Generator, Optional, TypeVar

from ._common.generators import around_async_generator, around_generator
from ._contexts.variables import own_context

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def isolate(function: AnyFunction) -> AnyFunction:
    """Decorate a generator function, or an async one.

    Raises:
        TypeError: the function is no generator function.
    """
    from inspect import isasyncgenfunction, isgeneratorfunction

    if isasyncgenfunction(function):
        around = around_async_generator
    elif isgeneratorfunction(function):
        around = around_generator
    else:
        raise TypeError(f"{getattr(function, '__qualname__', function)!r} is no generator function; isolate needs one")
    return wraps(function)(around(function, _Apart))  # type: ignore[return-value]


class _Apart:
    """Makes every step in a copy of the context of the first one."""

    def __enter__(self) -> None:
        self._context = own_context()

    def __exit__(self, *error: object) -> None:
        pass

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        return self._context.run(function, *args)

    def wait(self, awaitable: Any) -> "_Within":
        return _Within(self._context, awaitable)


class _Within:
    """Awaits something with every step in the given context."""

    def __init__(self, context: Context, awaitable: Any) -> None:
        self._context = context
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, Any]:
        run = self._context.run
        steps = self._awaitable.__await__()
        step, argument = steps.send, None
        while True:
            try:
                item = run(step, argument)
            except StopIteration as end:
                return end.value
            error: Optional[BaseException] = None
            try:
                argument = yield item
            except BaseException as thrown:
                error = thrown
            if error is None:
                step = steps.send
            else:
                step, argument = steps.throw, error
