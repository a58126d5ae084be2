"""What a flag may be set to, and how one set of flags differs from the next."""

from __future__ import annotations

import time

from .._common import report
from .._common.modes import Setting, parse_setting
from .._common.record import NamedTuple
from ..errors import InvalidSetting
from .snapshot import Declaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Mapping

    from .snapshot import Snapshot
    from .sources import Settings

GROUPS = ("use_registry", "use_context", "use_spans", "use_events", "enforce", "monitor")
TABLE_GROUP = "use_registry"  # one store per process: a percentage of keys makes no sense there


class FlagChange(NamedTuple):
    """One flag got another setting. `time` is in seconds since the epoch."""

    name: str
    before: str
    after: str
    actor: str
    source: str
    time: float


def checked_setting(name: str, value: object) -> Setting:
    """What a flag of this name may be set to.

    Raises:
        InvalidSetting: the value is no setting, or a percentage for tables.
    """
    setting = parse_setting(value)
    if setting.percent is not None and _steers_tables(name):
        raise InvalidSetting(f"{name!r} steers tables, which all keys share; a percentage is for context states")
    return setting


def _steers_tables(name: str) -> bool:
    return name.partition(":")[0] == TABLE_GROUP


def differences(before: Snapshot, after: Snapshot, actor: str, source: str) -> List[FlagChange]:
    """What changed from one snapshot to the next."""
    now = time.time()
    names = sorted(before.settings.keys() | after.settings.keys())
    pairs = [(name, before.setting(name), after.setting(name)) for name in names]
    return [FlagChange(name, str(old), str(new), actor, source, now) for name, old, new in pairs if old != new]


def merged(old: Declaration, new: Declaration) -> Declaration:
    """A name that is declared again keeps what it had where the new declaration says nothing."""
    states = old.states + tuple(state for state in new.states if state not in old.states)
    return Declaration(new.name, new.group or old.group, states, new.owner or old.owner, new.created or old.created)


def without_table_percentages(layer: str, settings: Mapping[str, Setting]) -> Settings:
    """What a source says, with `shadow` for percentages that make no sense; each is reported."""
    kept: Settings = {}
    for name, setting in settings.items():
        if setting.percent is not None and _steers_tables(name):
            report.warn(f"{layer}: {name!r} steers tables, which all keys share; {setting} is taken as shadow")
            setting = Setting(setting.mode)
        kept[name] = setting
    return kept
