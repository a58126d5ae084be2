"""The right to change one key of a table.

Hazard: a lock over a whole table would be held while a user's `__hash__`, `__eq__` or factory
runs, and one of those may wait for another thread that wants the table. So a thread claims single
keys: work on other keys goes on, and who claims a key twice gets an error instead of a deadlock.

A claim is a list: the number of the thread that has the key, then a closed gate for everyone who
waits. Where asking for the number would cost a tenth of the whole operation it is `UNSAID`; the
thread is then the one on whose stack a variable `claim` holds it. Whoever waits puts up the gate first and looks again afterwards, and whoever gives the key
back removes the claim first and opens the gates afterwards, so neither can miss the other. To look means to try to claim: what only reads a dict
takes no lock on a free-threaded build, and may see it as it was.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock, get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Dict, List, Optional

    Claim = List[Any]

UNSAID: Any = 0  # no thread has this number


class _Nobody:
    """Stands among the gates of a claim after which there is something to see to though nobody waits."""

    def release(self) -> None:
        """There is nobody to let through."""


NOBODY = _Nobody()


class Claims:
    """The keys that are being changed now, and by whom.

    The two steps of every claim are short enough to stand where speed counts:

        claim = [UNSAID]
        if claims.held.setdefault(key, claim) is not claim:
            claims.wait_for(key, claim)
        ...
        del claims.held[key]
        if len(claim) > 1:
            open_gates(claim)
    """

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held: Dict[Any, Claim] = {}

    def take(self, key: object) -> None:
        """Claim a key; waits for whoever has it.

        Raises:
            RuntimeError: this thread has it already (a factory asks for the key it is making).
        """
        mine = [get_ident()]
        if self.held.setdefault(key, mine) is not mine:
            self.wait_for(key, mine)

    def take_if_free(self, key: object) -> bool:
        mine = [get_ident()]
        return self.held.setdefault(key, mine) is mine

    def give_back(self, key: object) -> None:
        claim = self.held.pop(key)
        if len(claim) > 1:
            open_gates(claim)

    def after_fork(self) -> None:
        """In the child: of those who held claims only this thread exists."""
        for key, holder in list(self.held.items()):
            del holder[1:]
            if not _is_ours(holder):
                del self.held[key]

    def wait_for(self, key: object, mine: Claim) -> None:
        """Wait until whoever has the key gives it back, and claim it then."""
        while True:
            holder = self.held.setdefault(key, mine)
            if holder is mine:
                return
            if _is_ours(holder):
                raise RuntimeError(f"{key!r} is asked for by the very code that is making or changing it")
            gate = allocate_lock()
            gate.acquire()
            holder.append(gate)
            again = self.held.setdefault(key, mine)
            if again is mine:
                return
            if again is holder:
                gate.acquire()


def open_gates(claim: Claim) -> None:
    """Wake those who wait for a claim that was given back."""
    for gate in claim[1:]:
        gate.release()


def _is_ours(claim: Claim) -> bool:
    """Whether the code that runs here was called by the code that has the claim."""
    if claim[0] != UNSAID:
        return bool(claim[0] == get_ident())
    frame: Optional[FrameType] = sys._getframe(1)
    while frame is not None:
        if "claim" in frame.f_code.co_varnames and frame.f_locals.get("claim") is claim:
            return True
        frame = frame.f_back
    return False
