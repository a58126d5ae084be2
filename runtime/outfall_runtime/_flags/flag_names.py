"""Which flag steers which staged state, and how a state follows it."""

from __future__ import annotations

import os
from weakref import ref

from .. import flags
from .._common.states import FOLDER_VARIABLE, StateRecord, book
from .._tables import catalogue  # noqa: F401 - for the order of the hooks below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

GROUP_OF = {"table": "use_registry", "context": "use_context"}


def stage(name: str, kind: str) -> "tuple[str, StateRecord]":
    """Declare the flag of a staged state; returns the flag's name and the state's record."""
    group = GROUP_OF[kind]
    flag = f"{group}:{name}"
    if flag not in flags.board.current.declared:
        flags.declare(group, states=(name,))
    flags.watcher.start()
    if os.environ.get(FOLDER_VARIABLE):
        from .. import metrics

        metrics.start_reporting()
    return flag, book.record(name, kind)


def follow(target: Any, apply: Callable[[Any], None]) -> None:
    """Call `apply(target)` now and after every change of flags, for as long as `target` lives."""
    weak = ref(target)

    def changed() -> bool:
        alive = weak()
        if alive is None:
            return False
        apply(alive)
        return True

    flags.board.follow(changed)
    apply(target)


def setting(flag: str) -> "tuple[str, Optional[float], object]":
    """Mode and percentage of a declared flag, and the snapshot that says so."""
    snapshot = flags.board.current
    found = snapshot.setting(flag)
    return found.mode, found.percent, snapshot


# Registered after the hooks that give the child locks of its own (`_tables.catalogue` has one). The fork may
# have come between the publication of a snapshot and its application.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=flags.board.apply)
