"""The right to change one key of a table.

Hazard: a lock over a whole table would be held while a user's `__hash__`, `__eq__` or factory
runs, and one of those may wait for another thread that wants the table. So a thread claims single
keys: work on other keys goes on, and who claims a key twice gets an error instead of a deadlock.

A claim is a list: the number of the thread that has the key, then a closed gate for everyone who
waits. Whoever waits puts up the gate first and looks again afterwards, and whoever gives the key
back removes the claim first and opens the gates afterwards, so neither can miss the other.
"""

from __future__ import annotations

from _thread import allocate_lock, get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    Claim = List[Any]


class Claims:
    """The keys that are being changed now, and by whom."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: Dict[Any, Claim] = {}

    def take(self, key: object) -> None:
        """Claim a key; waits for whoever has it.

        Raises:
            RuntimeError: this thread has it already (a factory asks for the key it is making).
        """
        mine = [get_ident()]
        if self._held.setdefault(key, mine) is not mine:
            self._wait_for(key, mine)

    def take_if_free(self, key: object) -> bool:
        mine = [get_ident()]
        return self._held.setdefault(key, mine) is mine

    def give_back(self, key: object) -> None:
        claim = self._held.pop(key)
        if len(claim) > 1:
            for gate in claim[1:]:
                gate.release()

    def has(self, key: object) -> bool:
        return key in self._held

    def after_fork(self) -> None:
        """In the child: of those who held claims only this thread exists."""
        self._held = {key: claim[:1] for key, claim in self._held.items() if claim[0] == get_ident()}

    def _wait_for(self, key: object, mine: Claim) -> None:
        while True:
            holder = self._held.setdefault(key, mine)
            if holder is mine:
                return
            if holder[0] == mine[0]:
                raise RuntimeError(f"{key!r} is asked for by the very code that is making or changing it")
            gate = allocate_lock()
            gate.acquire()
            holder.append(gate)
            if self._held.get(key) is holder:
                gate.acquire()
