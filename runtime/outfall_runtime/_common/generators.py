"""Standing between a generator and its consumer: every step is made by somebody who may prepare it.

Hazard: a generator may be sent values, thrown errors and closed, at any step and by whoever holds it.
All of that has to reach the one inside, and its end and its errors have to come out. And who asks
what kind of function this is (pytest, web frameworks) has to see a generator function.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Awaitable, Callable, Protocol

    class Steps(Protocol):
        """Who makes the steps of one generator, between its first and its last."""

        def __enter__(self) -> object: ...
        def __exit__(self, *error: Any) -> object: ...
        def run(self, function: Callable[..., Any], *args: Any) -> Any: ...  # returns `function(*args)`
        def wait(self, awaitable: Awaitable[Any]) -> Awaitable[Any]: ...  # what awaits it to its end


def around_generator(function: Callable[..., Any], begin: Callable[[], Steps]) -> Callable[..., Any]:
    """A generator function like `function`; `begin()` makes the steps of each of its generators."""

    def around(*args: Any, **kwargs: Any) -> Any:
        steps = begin()
        run = steps.run
        with steps:
            generator = run(lambda: function(*args, **kwargs))
            step, argument = generator.send, None
            try:
                while True:
                    try:
                        item = run(step, argument)
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
                run(generator.close)

    return around


def around_async_generator(function: Callable[..., Any], begin: Callable[[], Steps]) -> Callable[..., Any]:
    """An asynchronous generator function like `function`; `begin()` makes the steps of each of its generators."""

    async def around(*args: Any, **kwargs: Any) -> Any:
        steps = begin()
        wait = steps.wait
        with steps:
            generator = steps.run(lambda: function(*args, **kwargs))
            step, argument = generator.asend, None
            try:
                while True:
                    try:
                        item = await wait(step(argument))
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
                await wait(generator.aclose())

    return around
