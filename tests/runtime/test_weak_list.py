"""Nothing that lives is forgotten, however many tidy up at once."""

from __future__ import annotations

import gc
from typing import Any, List
from weakref import ref

from outfall_runtime._common.weak_list import FEW, WeakList


class Thing:
    """Something that can die."""


class Asked:
    """Stands for a weak reference; while it is asked, others add what they keep and what dies at once."""

    def __init__(self, to: WeakList, kept: List[Thing]) -> None:
        self.to = to
        self.kept = kept
        self.asking = False

    def __call__(self) -> Any:
        if not self.asking:
            self.asking = True
            for number in range(4 * FEW):
                thing = Thing()
                if number % FEW == 0:
                    self.kept.append(thing)
                self.to.add(ref(thing))
        return self


def test_what_is_added_while_the_dead_are_forgotten_stays() -> None:
    weak, kept = WeakList(), [Thing()]
    asked = Asked(weak, kept)
    weak.add(ref(kept[0]))
    weak.add(asked)  # type: ignore[arg-type]
    for _ in range(FEW):
        weak.add(ref(Thing()))
    assert [one for one in weak.living() if one is not asked] == kept


def test_the_dead_are_forgotten() -> None:
    weak, kept = WeakList(), [Thing() for _ in range(5)]
    for one in kept:
        weak.add(ref(one))
    for _ in range(1000):
        weak.add(ref(Thing()))
    gc.collect()
    assert (weak.living(), len(weak.refs) <= 2 * FEW) == (kept, True)


def test_a_child_may_forget_although_its_parent_was_at_it() -> None:
    weak = WeakList()
    weak._tickets.clear()
    weak.after_fork()
    for _ in range(1000):
        weak.add(ref(Thing()))
    assert len(weak.refs) <= 2 * FEW
