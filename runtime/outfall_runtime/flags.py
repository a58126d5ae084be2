"""Flags: a dial with four positions for every staged state and every hand-written guard.

    from outfall_runtime import flags

    flags.declare("use_search", owner="search team")
    if flags.enabled("use_search"):
        ...

The positions are `legacy`, `shadow`, `new` and `enforced`; a flag is *enabled* from `new` on. A
single state has a flag of its own, `use_registry:app.agents._agents`, and follows its group,
`use_registry`, where that is not set. Values come, the later outranking the earlier, from the
environment (`OUTFALL_FLAGS="use_context=shadow"`), from code (`flags.set`), from the flag file
(`OUTFALL_FLAG_FILE`, watched) and from `flags.override`.

Hazard: the flags of a process are one value that everybody reads and operators change. They live
in one board; see `_flags.board`.
"""

from __future__ import annotations

import os

from ._common.modes import ENFORCED, LEGACY, MODES, NEW, SHADOW
from ._flags.board import FILE, Board
from ._flags.changes import FlagChange
from ._flags.overrides import Overriding, Pinned
from ._flags.snapshot import Declaration
from ._flags.watch import Watcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, Iterable, List, Optional, Tuple, Union

    from ._flags.sources import Reading

    _Path = Union[str, "os.PathLike[str]"]

__all__ = [
    "ENFORCED",
    "LEGACY",
    "MODES",
    "NEW",
    "SHADOW",
    "FlagChange",
    "all",
    "declare",
    "declared",
    "disable",
    "enable",
    "enabled",
    "history",
    "load_ledger",
    "mode",
    "on_change",
    "override",
    "pinned",
    "problems",
    "refresh",
    "reset",
    "set",
    "source",
]


board = Board()  # outfall: ignore[OUT109] the flags of the process; only tests set its attributes


def _take_over(reading: Reading) -> None:
    """Follow what the flag file says; an emergency in it comes first, because it works with everything broken."""
    if reading.emergency or board.stopped:
        from ._flags.emergency import follow

        follow(board, reading)
    board.load(FILE, reading)


watcher = Watcher(_take_over, board.warn_of_unknown_names)  # outfall: ignore[OUT109] the process follows one flag file
watcher.look()

enabled = board.enabled
mode = board.mode


def declare(
    name: str, *, group: Optional[str] = None, states: Iterable[str] = (), owner: str = "", created: str = ""
) -> None:
    """Make a flag known to this process, as an entry of the ledger does.

    Args:
        group: the flag that this one follows while it has no setting of its own.
        states: the states that it steers; each gets a flag `group:state`.
    """
    names = tuple(states)
    head = group or name
    singles = (Declaration(f"{head}:{state}", head, (state,), owner, created) for state in names)
    board.declare([Declaration(name, group, names, owner, created), *singles])
    watcher.start()


def load_ledger(path: _Path) -> List[str]:
    """Declare everything that the ledger at `path` names; returns the names.

    Raises:
        BrokenSource: it cannot be read (this needs Python 3.11).
    """
    from ._flags.ledger import read_ledger

    declarations = read_ledger(path)
    board.declare(declarations)
    watcher.start()
    return [declaration.name for declaration in declarations]


def set(name: str, value: Union[str, bool], *, actor: str = "code") -> None:
    """Give a flag a mode, or a percentage of context keys such as `"25%"`.

    Raises:
        UnknownFlag: nothing declares the name; the message has the nearest one.
        InvalidSetting: the value is no mode and no percentage.
    """
    board.set(name, value, actor)


def enable(name: str, *, actor: str = "code") -> None:
    """Set a flag to `new`."""
    board.set(name, NEW, actor)


def disable(name: str, *, actor: str = "code") -> None:
    """Set a flag to `legacy`."""
    board.set(name, LEGACY, actor)


def reset(name: str, *, actor: str = "code") -> None:
    """Forget what code set for a flag, so that environment and flag file decide again."""
    board.reset(name, actor)


def override(name: str, value: Union[str, bool]) -> Overriding:
    """For tests: give a flag another value inside a `with` block or a decorated function.

    It holds for the whole process and outranks every source. Blocks may end in any order. A decorated
    generator function holds it from its first item to its end.

    Raises:
        TypeError: it decorates a class or an async generator function.
    """
    return Overriding(board, name, value)


def pinned() -> Pinned:
    """A `with` block in which flags do not change, so that one request sees one configuration."""
    return Pinned(board)


def all() -> Dict[str, str]:
    """Every declared flag with its mode or percentage, by name."""
    snapshot = board.current
    return {name: str(snapshot.setting(name)) for name in sorted(snapshot.declared)}


def source(name: str) -> str:
    """What gives a flag its value: a source, its group with its source, or `default`."""
    return board.source(name)


def declared() -> Tuple[Declaration, ...]:
    """What is known about every declared flag, by name."""
    snapshot = board.current
    return tuple(snapshot.declared[name] for name in sorted(snapshot.declared))


def history() -> Tuple[FlagChange, ...]:
    """The latest changes (at most 1,000), oldest first."""
    return tuple(board.history)


def on_change(listener: Callable[[FlagChange], None]) -> Callable[[], None]:
    """Call `listener` after every change of a flag; returns a function that ends this.

    It runs on the thread that made the change. One that fails is logged and harms no other.
    """
    return board.listen(listener)


def refresh() -> bool:
    """Look at the flag file now instead of in a moment; True if it brought anything new."""
    return watcher.look()


def problems() -> Tuple[str, ...]:
    """What is wrong with the flags now: a broken flag file, names that nothing declares."""
    snapshot = board.current
    unknown = [f"{name} is set, but nothing declares it" for name in snapshot.settings if name not in snapshot.declared]
    return tuple(filter(None, [watcher.problem, *unknown]))


def _after_fork() -> None:
    board.after_fork()
    watcher.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
