"""`Lazy`: a value that is made once, when it is first asked for.

    _client = Lazy("app.client._client", connect)
    _client.get()

Hazard: "is it None? then make it" runs twice when two threads ask at once. Here one makes it and
the others wait. A task that waits would stop its event loop, so async code awaits `aget`, whose
factory may be a coroutine function.
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Generic, Optional, TypeVar, Union

from ._tables import catalogue
from ._tables.claims import Claims
from ._tables.entry import MISSING

T = TypeVar("T")


class Lazy(Generic[T]):
    """A process-wide value made by `factory` exactly once; again only after a failure or `reset`.

    Args:
        name: the state's qualified name.
        factory: makes the value; for `aget` it may be a coroutine function.
    """

    __slots__ = ("__weakref__", "_claims", "_factory", "_making", "_value", "name")

    def __init__(self, name: str, factory: Callable[[], Union[T, Awaitable[T]]]) -> None:
        self.name = name
        self._factory = factory
        self._claims = Claims()
        self._value: Any = MISSING
        self._making: Optional[Any] = None
        catalogue.add(name, self)

    def get(self) -> T:
        """The value; the first caller makes it while the others wait.

        Raises:
            RuntimeError: the factory asks for the value that it is making.
        """
        value: Any = self._value
        if value is not MISSING:
            return value  # type: ignore[no-any-return]
        self._claims.take(self.name)
        try:
            if self._value is MISSING:
                self._value = self._factory()
            return self._value  # type: ignore[no-any-return]
        finally:
            self._claims.give_back(self.name)

    async def aget(self) -> T:
        """The value, for tasks of one event loop: the first makes it, the others await that.

        When the maker is cancelled or fails, one of those who wait takes over.
        """
        while self._value is MISSING:
            making = self._making
            if making is None:
                return await self._make()
            await _wait(making)
        return self._value  # type: ignore[no-any-return]

    def ready(self) -> bool:
        """Whether the value has been made."""
        return self._value is not MISSING

    def reset(self) -> None:
        """Forget the value; the next `get` makes a new one."""
        self._value = MISSING

    def after_fork(self) -> None:
        """In the child: nobody is making the value."""
        self._claims.after_fork()
        self._making = None

    def __repr__(self) -> str:
        return f"<Lazy {self.name}: {'ready' if self.ready() else 'not made yet'}>"

    async def _make(self) -> T:
        from asyncio import get_running_loop

        self._making = done = get_running_loop().create_future()
        try:
            made: Any = self._factory()
            self._value = await made if hasattr(made, "__await__") else made
            return self._value  # type: ignore[no-any-return]
        finally:
            self._making = None
            if not done.done():
                done.set_result(None)


async def _wait(future: Any) -> None:
    """Wait for a future without cancelling it when the waiter is cancelled."""
    from asyncio import shield

    await shield(future)
