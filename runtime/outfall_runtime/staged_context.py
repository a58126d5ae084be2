"""`StagedContextLocal`: a thread-local and a context local side by side, chosen by a flag.

Both stores are written in every mode but `enforced`, and *a value is read the way it was
written*: a flip of the flag touches later writes only, so it neither loses nor resurrects a
value, in either direction.

Hazard: the two ways differ exactly where the old one was wrong (tasks that share a thread bleed
into each other) or where code relied on the thread (the new way loses a value). Every write
carries a stamp, its unit of work, which tells the two apart.
"""

from __future__ import annotations

import threading
from _thread import get_ident

from . import flags
from ._common.modes import ENABLED, ENFORCED, LEGACY, SHADOW, Setting
from ._common.sites import call_site
from ._common.states import CONTEXT
from ._contexts import protocol
from ._contexts.cells import Cell
from ._contexts.protocol import MISSING, no_attribute
from ._contexts.units import current_unit
from ._flags.flag_names import follow, setting, stage
from .context_local import ContextLocal, Store
from .errors import LegacyStateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

    from .context_local import Arguments

    Values = Dict[str, "Entry"]


class Entry:
    """One written value and its stamp. `fresh`: written the new way. It never changes."""

    __slots__ = ("fresh", "thread", "unit", "value")

    def __init__(self, value: Any, fresh: bool, thread: int, unit: object) -> None:
        self.value = value
        self.fresh = fresh
        self.thread = thread
        self.unit = unit


class _Thread(threading.local):  # outfall: ignore[OUT202] this is the old way itself, kept until a state is enforced
    """The old way: the values of one thread."""

    def __init__(self) -> None:
        self.values: Values = {}
        self.begun = False


class StagedContextLocal(ContextLocal):
    """A `ContextLocal` on its way from `threading.local`; flag `use_context:<name>`, group `use_context`.

    Raises:
        LegacyStateError: in mode `enforced`, a read that the new way misses and that the same
            unit of work wrote the old way.
    """

    __slots__ = ()
    _outfall_base = True

    @classmethod
    def _outfall_new_store(cls, name: str, initial: Optional[Arguments]) -> Store:
        return StagedStore(name, initial)

    @staticmethod
    def _outfall_property(name: str) -> property:
        return _property(name)


class StagedStore(Store):
    """Both stores of one staged context state."""

    __slots__ = ("_changing", "_ever_fresh", "flag", "mode", "old_way_only", "percent", "record", "thread")

    def __init__(self, name: str, initial: Optional[Arguments]) -> None:
        super().__init__(name, initial)
        self.thread = _Thread()
        self.flag, self.record = stage(name, CONTEXT)
        self.mode: str = LEGACY
        self.percent: Optional[float] = None
        self.old_way_only = False  # in `legacy`, and nothing was ever written the new way: reads are simple
        self._ever_fresh = False
        self._changing = threading.Lock()
        follow(self, StagedStore.apply)

    def apply(self) -> None:
        """Take over what the flag says now; repeated until no newer snapshot came in between."""
        while True:
            self.mode, self.percent, snapshot = setting(self.flag)
            self.record.enter(self.mode)
            with self._changing:
                self.old_way_only = self.mode == LEGACY and self.percent is None and not self._ever_fresh
            if flags.board.current is snapshot:
                return

    def after_fork(self) -> None:
        super().after_fork()
        self._changing = threading.Lock()

    def mode_now(self) -> str:
        """The mode for this moment: of the pinned flags if there are any, by key under a percentage."""
        if self.percent is None and not flags.board.ever_pinned:
            return self.mode
        pinned = flags.board.pinned.get()
        if pinned is not None:
            found = pinned.setting(self.flag)
        elif self.percent is None:
            return self.mode
        else:
            found = Setting(self.mode, self.percent)
        return found.mode_for(self.flag, _rollout_key())

    def begin(self) -> None:
        self.thread.begun = True
        self.cells.put(Cell())

    def cell(self, local: ContextLocal) -> Values:
        """The new way's entries of this context, once whatever has to be initialised is."""
        cell: Any = self.cells.get(None) if self.initial is None else self._valid()
        if self.initial is not None and self._starts(cell is None):
            self.thread.begun = True
            if cell is None:
                self.cells.put(Cell())
            local.__init__(*self.initial[0], **self.initial[1])  # type: ignore[misc]
            cell = self._valid()
        return {} if cell is None else cell

    def read(self, local: ContextLocal, name: str) -> Any:
        mode = self.mode_now()
        cell = self.cell(local)
        new, old = cell.get(name), self.thread.values.get(name)
        entry = new if mode == ENFORCED else visible(old, new)
        if mode == SHADOW:
            self.record.reads.add()
            self._compare(old, new)
        if entry is not None:
            return entry.value
        value = protocol.class_default(local, name)
        if value is not MISSING:
            return value
        if mode in ENABLED:
            self._explain_miss(mode, old)
        raise no_attribute(local, name) from None

    def write(self, local: ContextLocal, name: str, value: Any) -> None:
        mode = self.mode_now()
        fresh = mode in ENABLED
        if fresh and not self._ever_fresh:
            self._leave_old_way()
        cell = Cell(self.cell(local))
        entry = cell[name] = Entry(value, fresh, get_ident(), current_unit(mark=True))
        self.cells.put(cell)
        # `enforced` keeps the stamp, which explains a later miss, but no longer the value.
        self.thread.values[name] = entry if mode != ENFORCED else Entry(None, entry.fresh, entry.thread, entry.unit)
        self.record.writes[mode].add()

    def delete(self, local: ContextLocal, name: str) -> None:
        mode = self.mode_now()
        cell = self.cell(local)
        new, old = cell.get(name), self.thread.values.get(name)
        entry = new if mode == ENFORCED else visible(old, new)
        if entry is None:
            if mode in ENABLED:
                self._explain_miss(mode, old)
            raise no_attribute(local, name)
        if new is not None:
            rest = Cell(cell)
            del rest[name]
            self.cells.put(rest)
        if old is not None and old.unit is entry.unit:
            self.thread.values.pop(name, None)
        self.record.writes[mode].add()

    def values(self, local: ContextLocal) -> Dict[str, Any]:
        mode = self.mode_now()
        cell = self.cell(local)
        if mode == ENFORCED:
            return {name: entry.value for name, entry in cell.items()}
        olds = dict(self.thread.values)
        entries = {name: visible(olds.get(name), cell.get(name)) for name in (*olds, *cell)}
        return {name: entry.value for name, entry in entries.items() if entry is not None}

    def _leave_old_way(self) -> None:
        with self._changing:
            self.old_way_only = False
            self._ever_fresh = True

    def _starts(self, first_in_context: bool) -> bool:
        """Whether the subclass's `__init__` is due: once per thread the old way, per context the new."""
        if self.mode_now() not in ENABLED:
            return not self.thread.begun
        old_way = any(not entry.fresh for entry in self.thread.values.values())
        return first_in_context and not old_way

    def _compare(self, old: Optional[Entry], new: Optional[Entry]) -> None:
        """Count how the two ways differ at a read in `shadow`; what was written the new way is read that way."""
        if old is new or (new is not None and new.fresh):
            return
        if old is not None:
            if old.unit is current_unit():
                self.record.lose(call_site())
            else:
                self.record.bleed.add()
        elif new is not None and new.thread != get_ident():
            self.record.inherited.add()
        else:
            self.record.bleed.add()  # another unit deleted it

    def _explain_miss(self, mode: str, old: Optional[Entry]) -> None:
        """A miss explained by another unit's write is plain; one of our own is a value lost."""
        if old is None or old.unit is not current_unit():
            return
        site = call_site()
        self.record.lose(site)
        if mode == ENFORCED:
            raise LegacyStateError(
                self.name,
                site,
                "the value was written in another context of the same thread; write it in the context "
                "that reads it, or carry that context along with outfall_runtime.context.wrap",
            ) from None


def visible(old: Optional[Entry], new: Optional[Entry]) -> Optional[Entry]:
    """The entry that a read sees: whatever way it was written, that way it is read.

    Args:
        old: the last write of this thread.
        new: the last write of this context, or of the one it was copied from.
    """
    if new is not None and new.fresh:
        return new
    if old is not None and not old.fresh:
        return old
    # Written the old way here, then overwritten on this thread by someone's new-way write.
    if new is not None and old is not None and new.thread == get_ident():
        return new
    return None


def _rollout_key() -> object:
    from . import context

    return context.current().get(context.ROLLOUT_KEY)


def _property(name: str) -> property:
    def read(self: ContextLocal) -> Any:
        store: Any = self._outfall_store
        try:
            if store.old_way_only:
                return store.thread.values[name].value
            entry = self._outfall_get()[name]
            if entry.fresh:
                return entry.value
        except LookupError:
            pass
        return store.read(self, name)

    def write(self: ContextLocal, value: Any) -> None:
        self._outfall_store.write(self, name, value)

    def delete(self: ContextLocal) -> None:
        self._outfall_store.delete(self, name)

    return property(read, write, delete)
