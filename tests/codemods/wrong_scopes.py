"""Stand-ins whose scope is wrong (and one that is right): what a careless rewrite could put in a state's place."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import types
from collections.abc import Callable, Iterator, MutableMapping, MutableSequence
from typing import Any

__all__ = ["InContext", "Shared", "TaskDict", "ThreadDict", "ThreadList", "per_thread"]


class Shared:
    """A namespace that isolates nobody."""


class InContext:
    """A namespace on one context variable."""

    def __init__(self) -> None:
        self.__dict__["_values"] = contextvars.ContextVar[dict[str, object]]("values")

    def __getattr__(self, name: str) -> object:
        try:
            return self.__dict__["_values"].get({})[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: object) -> None:
        variable = self.__dict__["_values"]
        variable.set({**variable.get({}), name: value})


class _Each(threading.local):  # outfall: ignore[OUT202] the wrong scope is what it is for
    def __init__(self, make: Callable[[], Any]) -> None:
        self.content = make()


class ThreadDict(MutableMapping[Any, Any]):
    """A dict of which every thread has its own."""

    def __init__(self) -> None:
        self.each = _Each(dict)

    def __getitem__(self, key: Any) -> Any:
        return self.each.content[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.each.content[key] = value

    def __delitem__(self, key: Any) -> None:
        del self.each.content[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.each.content)

    def __len__(self) -> int:
        return len(self.each.content)


class TaskDict(dict[Any, Any]):
    """A dict that forgets what a task has put into it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        try:
            asyncio.current_task()
        except RuntimeError:
            super().__setitem__(key, value)


class ThreadList(MutableSequence[Any]):
    """A list of which every thread has its own."""

    def __init__(self) -> None:
        self.each = _Each(list)

    def __getitem__(self, index: Any) -> Any:
        return self.each.content[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.each.content[index] = value

    def __delitem__(self, index: Any) -> None:
        del self.each.content[index]

    def __len__(self) -> int:
        return len(self.each.content)

    def insert(self, index: int, value: Any) -> None:
        self.each.content.insert(index, value)


def per_thread(module: str, name: str) -> None:
    """Make a module's global one of each thread."""
    target = sys.modules[module]
    each = _Each(lambda: types.SimpleNamespace(value=vars(target).get(name)))
    reading = property(lambda _: each.content.value, lambda _, value: setattr(each.content, "value", value))
    each.content.value = vars(target).pop(name)  # outfall: ignore[OUT111] so is this
    target.__class__ = type("PerThread", (types.ModuleType,), {name: reading})  # outfall: ignore[OUT111] so is this
