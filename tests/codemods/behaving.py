"""What can be seen of how a program behaves: what its functions return, raise and leave behind."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import Any

from .random_programs import DICTS, LISTS, SLOTS

Run = Callable[[Callable[[], object]], object]

LONGEST = 5_000  # characters of what a program says, before it is emptied
ABSENT = ("NameError", "LookupError", "AttributeError")  # a slot and a context value say the absence of a value in their own way


def behaviour(files: Mapping[str, str], called: Sequence[tuple[str, object]], on: Sequence[Run] = (lambda work: work(),)) -> list[object]:
    """What the calls return, raise and leave behind, in fresh modules: the first declares the state, the last has the functions.

    Args:
        on: what makes the first call, the second and so on, and then again from the first: threads.
    """
    modules = {name: types.ModuleType(name.removesuffix(".py")) for name in files}
    first, last = [*modules.values()][0], [*modules.values()][-1]
    seen: list[object] = []
    try:
        for name, module in modules.items():
            sys.modules[module.__name__] = module  # outfall: ignore[OUT110] for as long as this runs
            exec(compile(files[name], name, "exec"), module.__dict__)
        for run, (name, argument) in zip(cycle(on), called):
            seen += [run(partial(_outcome, last, name, argument)), _plain(first.out)]
            if len(repr(first.out)) > LONGEST:
                first.out.clear()
        kept = (*DICTS, *LISTS, "S", *(SLOTS if first is not last else ()))  # a slot that nobody else uses need keep no name
        return seen + [_plain(getattr(first, name, "missing")) for name in kept]
    finally:
        for module in modules.values():
            sys.modules.pop(module.__name__, None)  # outfall: ignore[OUT110] as above


def _outcome(module: types.ModuleType, name: str, argument: object) -> object:
    try:
        return _plain(getattr(module, name)(argument))
    except Exception as error:
        return _plain(type(error).__name__)


def _plain(value: Any, depth: int = 0) -> object:
    """A value by its content: a registry is the container that it replaces."""
    if depth > 4 or callable(value):
        return "something"
    if isinstance(value, dict):
        return {"dict": sorted((repr(_plain(key)), repr(_plain(each, depth + 1))) for key, each in value.items())}
    if isinstance(value, (set, frozenset)):
        return {"set": sorted(repr(_plain(each)) for each in value)}
    if isinstance(value, tuple):
        return tuple(_plain(each, depth + 1) for each in value)
    if hasattr(value, "append"):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, str):
        return "absent" if value in ABSENT else re.sub("0x[0-9a-f]+", "0x", value)
    return value if isinstance(value, (int, float, type(None))) else type(value).__name__
