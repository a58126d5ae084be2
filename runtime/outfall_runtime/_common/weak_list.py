"""Weak references in the order in which they came; the dead ones are forgotten now and then.

Hazard: who forgets the dead replaces the beginning of a list to whose end others append. Two who did
that at once would undo what was appended meanwhile. So only the holder of the one ticket does it,
whatever the thread, and however deep in somebody's `__del__`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List
    from weakref import ref

FEW = 32  # below this, the dead are left lying


class WeakList:
    """Twice as many as live are kept, so the cost of an addition stays constant."""

    __slots__ = ("_limit", "_tickets", "refs")

    def __init__(self) -> None:
        self.refs: "List[ref[Any]]" = []
        self._limit = FEW
        self._tickets = [None]

    def add(self, weak: "ref[Any]") -> None:
        self.refs.append(weak)
        if len(self.refs) > self._limit:
            self._forget_dead()

    def living(self) -> "List[Any]":
        """What is alive, the oldest first."""
        found = [weak() for weak in list(self.refs)]
        return [one for one in found if one is not None]

    def after_fork(self) -> None:
        """In the child: whoever had the ticket is gone."""
        self._tickets = [None]

    def _forget_dead(self) -> None:
        try:
            ticket = self._tickets.pop()
        except IndexError:
            return
        try:
            seen = list(self.refs)
            alive = [weak for weak in seen if weak() is not None]
            self.refs[: len(seen)] = alive
            self._limit = max(FEW, 2 * len(alive))
        finally:  # an interruption may come anywhere
            self._tickets.append(ticket)
