"""Holds the current snapshot of the flags and swaps it as a whole.

Hazard: flags are read on every hot path and changed while other threads read. So a reader takes
the current snapshot without a lock; writers take turns, build a new snapshot and publish it with
one assignment. Listeners run after the lock is released, because they may be anybody's code.
"""

from __future__ import annotations

import threading

from .._common import report
from .._common.modes import DEFAULT, ENABLED
from .._contexts.variables import variable
from ..errors import UnknownFlag, nearest
from .changes import (
    GROUPS,
    checked_setting,
    differences,
    merged,
    without_table_percentages,
)
from .snapshot import Declaration, Snapshot
from .sources import Reading, read_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import ContextVar
    from typing import Callable, Dict, Iterable, List, Optional, Tuple

    from .._common.modes import Setting
    from .changes import FlagChange
    from .sources import Settings

    Listener = Callable[[FlagChange], None]

HISTORY = 1000  # changes remembered
FEW_FOLLOWERS = 256  # below this, dead followers are left lying

# From the weakest to the strongest: what an operator deploys outranks what code or the
# environment wished for at start-up; what a test overrides outranks everything.
ENVIRONMENT, CODE, FILE = "environment", "code", "flag file"
LAYERS = (ENVIRONMENT, CODE, FILE)
OVERRIDE = "override"


class Override:
    """One entry of the overriding layer; compared by identity, so that blocks may end out of order."""

    __slots__ = ("name", "setting")

    def __init__(self, name: str, setting: Setting) -> None:
        self.name = name
        self.setting = setting


class Board:
    """All flags of this process. The module `flags` is its public face."""

    def __init__(self) -> None:
        self.pinned: ContextVar[Optional[Snapshot]] = variable("outfall_flags_pinned", None)
        self.ever_pinned = False  # as long as it is not, nobody needs to look for a pin
        self.stopped = ""  # why everything is at `legacy` whatever the layers say; see `emergency`
        self.resumed: Optional[str] = None  # the mark of the last reading of the flag file; None before the first
        self.history: List[FlagChange] = []
        self._lock = threading.RLock()
        self._layers: Dict[str, Settings] = {layer: {} for layer in LAYERS}
        self._overrides: Tuple[Override, ...] = ()
        self._declared: Dict[str, Declaration] = {name: Declaration(name) for name in GROUPS}
        self._warned: Dict[str, Snapshot] = {}  # with the one in which it was missed
        self._listeners: Tuple[Listener, ...] = ()
        self._followers: List[Callable[[], bool]] = []
        self._tidy_at = FEW_FOLLOWERS
        self._publications = 0
        self.current = Snapshot({}, dict(self._declared))
        self.load(ENVIRONMENT, read_environment())

    # -- reading: no lock

    def enabled(self, name: str, key: object = None) -> bool:
        """Whether the flag is on: its mode is `new` or `enforced`.

        Args:
            key: decides under a percentage; the same key always gets the same answer.

        Raises:
            UnknownFlag: nothing declares the name.
        """
        try:
            if self.ever_pinned:
                return (self.pinned.get() or self.current).answers[name]
            return self.current.answers[name]
        except KeyError:
            return self.mode(name, key) in ENABLED

    def mode(self, name: str, key: object = None) -> str:
        """The flag's mode: its own setting, else its group's, else `legacy`.

        Raises:
            UnknownFlag: nothing declares the name.
        """
        snapshot = self.seen()
        if name not in snapshot.declared:
            snapshot = self.current
            if name not in snapshot.declared:
                raise UnknownFlag(name, snapshot.declared)
        return snapshot.setting(name).mode_for(name, key)

    def seen(self) -> Snapshot:
        """What holds here: the flags that are pinned, else those of now."""
        return self.pinned.get() or self.current

    def source(self, name: str) -> str:
        """Which layer decides about a flag (see `flags.source`)."""
        if any(entry.name == name for entry in self._overrides):
            return OVERRIDE
        for layer in reversed(LAYERS):
            if name in self._layers[layer]:
                return layer
        group = self.current.group(name)
        return "default" if group is None else f"{group}: {self.source(group)}"

    # -- changing

    def declare(self, declarations: Iterable[Declaration]) -> None:
        """Make names known; a name declared before keeps what it had where the new one says nothing."""
        with self._lock:
            for new in declarations:
                old = self._declared.get(new.name)
                self._declared[new.name] = new if old is None else merged(old, new)
            changes = self._publish("code", "declaration")
        self._tell(changes)

    def set(self, name: str, value: object, actor: str) -> None:
        """Set one flag from code (see `flags.set`)."""
        setting = self._checked(name, value)
        with self._lock:
            code = self._layers[CODE]
            code[name] = setting
            changes = self._publish(actor, CODE)
            shadowed = code.get(name) is setting and self.current.setting(name) != setting
        self._tell(changes)
        if shadowed:
            why = f"all flags are stopped: {self.stopped}" if self.stopped else "the flag file or an override outranks it"
            report.warn(f"flag {name!r} was set to {setting} by {actor}, but {why}")

    def reset(self, name: str, actor: str) -> None:
        """Forget what code set; the flag falls back to its other sources."""
        with self._lock:
            self._layers[CODE].pop(name, None)
            changes = self._publish(actor, CODE)
        self._tell(changes)

    def load(self, layer: str, reading: Reading) -> None:
        """Take over what a source says; a name that is unknown now may be declared later."""
        for problem in reading.problems:
            report.warn(problem)
        with self._lock:
            if layer == FILE:
                self.resumed = reading.resumed
            self._layers[layer] = without_table_percentages(layer, reading.settings)
            changes = self._publish(reading.actor or layer, layer)
        self._tell(changes)

    def warn_of_unknown_names(self) -> None:
        """Say once which names of the sources nothing has declared."""
        snapshot = self.current
        for name in snapshot.settings:
            if name not in snapshot.declared and name not in self._warned and self._warned.setdefault(name, snapshot) is snapshot:
                report.warn(f"flag {name!r} is set, but nothing declares it{nearest(name, snapshot.declared)}")

    def republish(self, actor: str) -> None:
        """Make a new snapshot of the layers as they stand."""
        with self._lock:
            changes = self._publish(actor, actor)
        self._tell(changes)

    def push(self, name: str, value: object) -> Override:
        """Override a flag until `pop`."""
        entry = Override(name, self._checked(name, value))
        with self._lock:
            self._overrides += (entry,)
            changes = self._publish(OVERRIDE, OVERRIDE)
        self._tell(changes)
        return entry

    def pop(self, entry: Override) -> None:
        with self._lock:
            self._overrides = tuple(other for other in self._overrides if other is not entry)
            changes = self._publish(OVERRIDE, OVERRIDE)
        self._tell(changes)

    # -- telling

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each change; returns a function that ends this."""
        with self._lock:
            self._listeners += (listener,)
        return lambda: self._forget(listener)

    def follow(self, apply: Callable[[], bool]) -> None:
        """Call `apply` after each published snapshot, before listeners hear of it, until it says False."""
        self._followers.append(apply)
        if len(self._followers) >= self._tidy_at:
            self.apply()
            self._tidy_at = max(FEW_FOLLOWERS, 2 * len(self._followers))

    def checkpoint(self) -> Callable[[], None]:
        """A function that brings back what code set and tests override now."""
        with self._lock:
            code, overrides, stopped = dict(self._layers[CODE]), self._overrides, self.stopped

        def restore() -> None:
            with self._lock:
                self._layers[CODE], self._overrides, self.stopped = code, overrides, stopped
                changes = self._publish(OVERRIDE, OVERRIDE)
            self._tell(changes)

        return restore

    def after_fork(self) -> None:
        """The lock may have been held by a thread that does not exist in the child."""
        self._lock = threading.RLock()

    def _forget(self, listener: Listener) -> None:
        with self._lock:
            self._listeners = tuple(other for other in self._listeners if other is not listener)

    def _checked(self, name: str, value: object) -> Setting:
        if name not in self._declared:
            raise UnknownFlag(name, self.current.declared)
        return checked_setting(name, value)

    def _publish(self, actor: str, source: str) -> List[FlagChange]:
        """Swap in the snapshot that follows from the layers; the caller holds the lock.

        Again where a signal handler, on this very thread, has changed something in the meantime, or an emergency stop, which
        waits for no lock, was made and has just been undone by this.
        """
        before = self.current
        self._publications += 1
        while True:
            count, stopped = self._publications, self.stopped
            self.current = self._snapshot()
            if self.stopped != stopped:
                self.pinned = variable("outfall_flags_pinned", None)  # leaves behind who pinned what was there for a moment
            elif self._publications == count:
                break
        changes = differences(before, self.current, actor, source)
        self.history.extend(changes)
        del self.history[:-HISTORY]
        return changes

    def _snapshot(self) -> Snapshot:
        settings: Settings = {}
        for layer in LAYERS:
            settings.update(self._layers[layer])
        for entry in self._overrides:
            settings[entry.name] = entry.setting
        if self.stopped:
            settings = dict.fromkeys(settings, DEFAULT)
        return Snapshot(settings, dict(self._declared))

    def _tell(self, changes: List[FlagChange]) -> None:
        if changes:
            self.apply()
        for change in changes:
            for listener in self._listeners:
                try:
                    listener(change)
                except Exception:
                    report.warn(f"a listener failed on the change of flag {change.name!r}", error=True)

    def apply(self) -> None:
        """Let every living follower apply the current snapshot; forget the others."""
        ended = [apply for apply in list(self._followers) if not apply()]
        for apply in ended:
            try:
                self._followers.remove(apply)
            except ValueError:  # another thread was quicker
                pass
