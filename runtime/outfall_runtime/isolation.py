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

from contextvars import Context, copy_context
from functools import wraps
from typing import Any, AsyncGenerator, Callable, Generator, Optional, TypeVar

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


def isolate(function: AnyFunction) -> AnyFunction:
    """Decorate a generator function, or an async one.

    Raises:
        TypeError: the function is no generator function.
    """
    from inspect import isasyncgenfunction, isgeneratorfunction

    if isasyncgenfunction(function):
        drive: Callable[[Any], Any] = _drive_async
    elif isgeneratorfunction(function):
        drive = _drive
    else:
        raise TypeError(f"{getattr(function, '__qualname__', function)!r} is no generator function; isolate needs one")

    @wraps(function)
    def isolated(*args: Any, **kwargs: Any) -> Any:
        return drive(function(*args, **kwargs))

    return isolated  # type: ignore[return-value]


def _drive(generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    context = copy_context()
    step, argument = generator.send, None
    try:
        while True:
            try:
                item = context.run(step, argument)
            except StopIteration as end:
                return end.value
            try:
                argument = yield item
                step = generator.send
            except GeneratorExit:
                raise
            except BaseException as error:
                step, argument = generator.throw, error
    finally:
        context.run(generator.close)


async def _drive_async(generator: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    context = copy_context()
    step, argument = generator.asend, None
    try:
        while True:
            try:
                item = await _Within(context, step(argument))
            except StopAsyncIteration:
                return
            try:
                argument = yield item
                step = generator.asend
            except GeneratorExit:
                raise
            except BaseException as error:
                step, argument = generator.athrow, error
    finally:
        await _Within(context, generator.aclose())


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
