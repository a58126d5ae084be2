"""`Lazy`: a value that is made once, when it is first asked for.

    _client = Lazy("app.client._client", connect)
    _client.get()

Hazard: "is it None? then make it" runs twice when two threads ask at once. Here one makes it and
the others wait. A task that waits would stop its event loop, so async code awaits `aget`, whose
factory may be a coroutine function. Threads and the tasks of any number of loops may ask at once.
"""

from __future__ import annotations

from _thread import get_ident
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

    __slots__ = ("__weakref__", "_awaited", "_claims", "_factory", "_value", "name")

    def __init__(self, name: str, factory: Callable[[], Union[T, Awaitable[T]]]) -> None:
        self.name = name
        self._factory = factory
        self._claims = Claims()
        self._awaited: Optional[Any] = None  # the claim of a task that is making the value
        self._value: Any = MISSING
        catalogue.add(name, self)

    def get(self) -> T:
        """The value; the first caller makes it while the others wait.

        Raises:
            RuntimeError: the factory asks for the value that it is making, or a task of this very thread makes it.
        """
        value: Any = self._value
        if value is not MISSING:
            return value  # type: ignore[no-any-return]
        self._claims.take(self.name)
        try:
            value = self._value
            if value is MISSING:
                self._value = value = self._factory()
            return value  # type: ignore[no-any-return]
        finally:
            self._claims.give_back(self.name)

    async def aget(self) -> T:
        """The value, for tasks: the first makes it, the others await that.

        When the maker is cancelled or fails, one of those who wait takes over.
        """
        held, mine = self._claims.held, [get_ident()]
        while True:
            value: Any = self._value
            if value is not MISSING:
                return value  # type: ignore[no-any-return]
            holder = held.setdefault(self.name, mine)
            if holder is mine:
                return await self._make(mine)
            gate = _Gate()
            holder.append(gate)
            again = held.setdefault(self.name, mine)
            if again is mine:
                return await self._make(mine)
            if again is holder:
                await gate.opened

    def ready(self) -> bool:
        """Whether the value has been made."""
        return self._value is not MISSING

    def reset(self) -> None:
        """Forget the value; the next `get` makes a new one."""
        self._value = MISSING

    def after_fork(self) -> None:
        """In the child: nobody is making the value, for the tasks of its parent do not go on."""
        if self._awaited is not None and self._claims.held.get(self.name) is self._awaited:
            del self._claims.held[self.name]
        self._claims.after_fork()

    def __repr__(self) -> str:
        return f"<Lazy {self.name}: {'ready' if self.ready() else 'not made yet'}>"

    async def _make(self, mine: Any) -> T:
        """Make the value, if nobody has yet; `mine` is the claim to do so."""
        self._awaited = mine
        try:
            value: Any = self._value
            if value is MISSING:
                made: Any = self._factory()
                self._value = value = await made if hasattr(made, "__await__") else made
            return value  # type: ignore[no-any-return]
        finally:
            if self._claims.held.get(self.name) is mine:  # else this is a child, which nobody waits for
                self._awaited = None
                self._claims.give_back(self.name)


class _Gate:
    """What a task waits for; like a lock, it is released by whatever thread."""

    __slots__ = ("_loop", "opened")

    def __init__(self) -> None:
        from asyncio import get_running_loop

        self._loop = get_running_loop()
        self.opened = self._loop.create_future()

    def release(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._open)
        except RuntimeError:  # its loop is closed: nobody waits there any more
            pass

    def _open(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)
