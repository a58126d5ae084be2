"""`with flags.pinned()` and `flags.override(...)`."""

from __future__ import annotations

from contextvars import Token
from types import TracebackType

from .board import Board, Override
from .snapshot import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Tuple, Type, TypeVar

    AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class Pinned:
    """Inside the block (and the tasks it starts) all flags stay as they were at its start."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._tokens: List[Token[Optional[Snapshot]]] = []

    def __enter__(self) -> None:
        pin = self._board.pinned
        self._board.ever_pinned = True
        self._tokens.append(pin.set(pin.get() or self._board.current))

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        token = self._tokens.pop()
        try:
            self._board.pinned.reset(token)
        except ValueError:  # ended in another context (an abandoned generator): there is nothing of ours there
            pass


class Overriding:
    """A block, or a decorator, in which one flag has another value for the whole process."""

    def __init__(self, board: Board, name: str, value: object) -> None:
        self._board = board
        self._setting: Tuple[str, object] = (name, value)
        self._entries: List[Override] = []

    def __enter__(self) -> None:
        self._entries.append(self._board.push(*self._setting))

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._board.pop(self._entries.pop())

    def __call__(self, function: AnyFunction) -> AnyFunction:
        from functools import wraps
        from inspect import (
            isasyncgenfunction,
            isclass,
            iscoroutinefunction,
            isgeneratorfunction,
        )

        board, setting = self._board, self._setting
        if isclass(function) or isasyncgenfunction(function):
            kind = "a class" if isclass(function) else "an async generator function"
            raise TypeError(
                f"flags.override cannot decorate {function.__qualname__}, which is {kind}; "
                "decorate its methods, or say `with flags.override(...):` inside"
            )
        if iscoroutinefunction(function):

            @wraps(function)
            async def overridden(*args: Any, **kwargs: Any) -> Any:
                with Overriding(board, *setting):
                    return await function(*args, **kwargs)

        elif isgeneratorfunction(function):

            @wraps(function)
            def overridden(*args: Any, **kwargs: Any) -> Any:
                with Overriding(board, *setting):
                    return (yield from function(*args, **kwargs))

        else:

            @wraps(function)
            def overridden(*args: Any, **kwargs: Any) -> Any:
                with Overriding(board, *setting):
                    return function(*args, **kwargs)

        return overridden  # type: ignore[return-value]
