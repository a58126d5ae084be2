"""Owners: whoever a table's entry lives for. When the owner dies, the entry goes.

An owner is any object that can be referenced weakly, a thread, an asyncio task or another future, a
process (of `multiprocessing`, `subprocess`, asyncio), or an `Owner` that code ends itself.

Hazard: a death is noticed on any thread, inside any other operation, by the garbage collector.
The only thing that happens there is that the entry is queued; see `_tables.upkeep`.
"""

from __future__ import annotations

import os
import threading
from weakref import WeakKeyDictionary, ref

from ._tables.deaths import DeathList, LastWords, died

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional, Type

__all__ = ["Owner"]

INTERVAL = 0.5  # seconds between two looks at owners that cannot tell of their death


class Owner:
    """An owner that ends when it is told to, or when nothing refers to it any more.

    Also a context manager, which ends it.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.ended = False
        self._deaths = LastWords()

    def end(self) -> None:
        """Let all entries of this owner go."""
        self.ended = True
        self._deaths.tell()

    def __enter__(self) -> "Owner":
        return self

    def __exit__(self, *error: object) -> None:
        self.end()


class Guard:
    """Knows whether an owner lives that is more than a plain object (those have an `OwnedEntry`)."""

    __slots__ = ("__weakref__", "_owner", "key", "upkeep")

    def __init__(self, owner: Any, upkeep: Any, key: Any) -> None:
        self._owner = ref(owner)
        self.upkeep = upkeep
        self.key = key
        self.follow(owner)

    def follow(self, owner: Any) -> None:
        """See to it that the death is told."""
        raise NotImplementedError

    def alive(self) -> bool:
        raise NotImplementedError

    def survives_fork(self) -> bool:
        """Whether the owner exists in a forked child too."""
        return True


class _ExplicitGuard(Guard):
    __slots__ = ()

    def follow(self, owner: Owner) -> None:
        owner._deaths.add(self)

    def alive(self) -> bool:
        owner = self._owner()
        return owner is not None and not owner.ended


class _FutureGuard(Guard):
    """A task or future: its end counts, not the end of the object."""

    __slots__ = ()

    def follow(self, owner: Any) -> None:
        deaths = _futures.get(owner)
        if deaths is None:
            deaths = _futures.setdefault(owner, LastWords())
            _when_done(owner, deaths)
        deaths.add(self)

    def alive(self) -> bool:
        owner = self._owner()
        return owner is not None and not owner.done()


class _PolledGuard(Guard):
    """A thread or process. A thread tells of its own end; at others somebody has to look."""

    __slots__ = ("_kept",)

    def follow(self, owner: Any) -> None:
        self._kept = owner  # what `Popen` and `Process` know of their end dies with them
        if owner is threading.current_thread():
            _endings.deaths.add(self)
        else:
            _poller.watch(self)

    def alive(self) -> bool:
        owner = self._kept
        if isinstance(owner, threading.Thread):
            return owner.is_alive() or owner.ident is None
        try:
            if hasattr(owner, "poll"):
                return owner.poll() is None
            if hasattr(owner, "returncode"):
                return owner.returncode is None
            return owner.exitcode is None or owner.pid is None
        except Exception:  # a process that was closed can no longer be asked; only an ended one can be closed
            return False

    def survives_fork(self) -> bool:
        owner = self._kept
        return not isinstance(owner, threading.Thread) or owner.ident is None or owner is threading.current_thread()

    def tell_if_dead(self) -> bool:
        alive = self.alive()
        if not alive:
            died(self)
        return not alive


class _Endings(threading.local):  # outfall: ignore[OUT202] noticing the end of a thread needs what dies with it
    def __init__(self) -> None:
        self.deaths = LastWords()


class _Poller:
    """A daemon thread that looks at polled owners for as long as there are any.

    There is one ticket. Whoever takes it starts the thread, which has it until it ends.
    """

    def __init__(self) -> None:
        self._guards: List["ref[_PolledGuard]"] = []
        self._tickets = [None]

    def watch(self, guard: _PolledGuard) -> None:
        self._guards.append(ref(guard))
        self.ensure_running()

    def ensure_running(self) -> None:
        if not self._guards or not self._take_ticket():
            return
        try:
            threading.Thread(target=self._run, name="outfall-owners", daemon=True).start()
        except BaseException:
            self._tickets.append(None)
            raise

    def after_fork(self) -> None:
        self._tickets = [None]
        self.ensure_running()

    def _take_ticket(self) -> bool:
        try:
            self._tickets.pop()
        except IndexError:
            return False
        return True

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(INTERVAL)
            self._look()
            if self._guards:
                continue
            self._tickets.append(None)
            if not self._guards or not self._take_ticket():  # else one came that found no ticket
                return

    def _look(self) -> None:
        seen = list(self._guards)
        guards = [(weak, weak()) for weak in seen]
        self._guards[: len(seen)] = [weak for weak, one in guards if one is not None and not one.tell_if_dead()]


_futures: "WeakKeyDictionary[Any, DeathList]" = WeakKeyDictionary()  # outfall: ignore[OUT101] gone with the future
_endings = _Endings()
_poller = _Poller()  # outfall: ignore[OUT109] one thread looks after all polled owners


def guard_class(kind: type) -> Optional[Type[Guard]]:
    """The class that guards owners of a type; None for plain objects, whose entries guard themselves."""
    if issubclass(kind, Owner):
        return _ExplicitGuard
    if issubclass(kind, threading.Thread) or (hasattr(kind, "pid") and hasattr(kind, "exitcode")):
        return _PolledGuard
    if hasattr(kind, "send_signal") and (hasattr(kind, "poll") or hasattr(kind, "returncode")):
        return _PolledGuard
    if hasattr(kind, "add_done_callback") and hasattr(kind, "done"):
        return _FutureGuard
    return None


def _when_done(future: Any, deaths: DeathList) -> None:
    """Be told of the end of a future that has not ended, on whatever thread its loop runs."""
    loop = future.get_loop() if hasattr(future, "get_loop") else None
    if loop is None:
        future.add_done_callback(deaths.tell)
        return
    from asyncio import _get_running_loop

    if _get_running_loop() is loop:
        future.add_done_callback(deaths.tell)
        return
    try:
        loop.call_soon_threadsafe(future.add_done_callback, deaths.tell)
    except RuntimeError:  # its loop is closed: it goes only when nothing refers to it any more
        pass


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_poller.after_fork)
