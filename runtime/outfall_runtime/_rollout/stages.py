"""The stages of a rollout: their order, what each turns on, and what going back takes away.

Everything here is pure: settings in, settings out. A stage is applied and taken back by changing
settings of the flag file, and by nothing else.
"""

from __future__ import annotations

from .._common.modes import DEFAULT, ENABLED, ENFORCED, NEW, RANK, SHADOW, Setting
from .._common.record import NamedTuple
from ..errors import InvalidSetting, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Mapping, Tuple

    Settings = Mapping[str, Setting]

NOT_BEGUN = "0"
STAGED_GROUPS = ("use_registry", "use_context", "use_spans", "use_events")


class Stage(NamedTuple):
    """One step of a rollout.

    `groups` are the flags that it turns to `mode`, `besides` those that it turns on with them;
    `dwell` is the least time in hours that it lasts before the next.
    """

    name: str
    title: str
    groups: Tuple[str, ...]
    mode: str
    dwell: float
    besides: Tuple[str, ...] = ()


STAGES = (
    Stage("1", "monitoring", STAGED_GROUPS, SHADOW, 4.0, ("monitor",)),
    Stage("2", "registry", ("use_registry",), NEW, 24.0),
    Stage("3", "context", ("use_context",), NEW, 24.0),
    Stage("4a", "spans", ("use_spans",), NEW, 24.0),
    Stage("4b", "events", ("use_events",), NEW, 48.0),
    Stage("5", "enforcement", STAGED_GROUPS, ENFORCED, 48.0, ("enforce",)),
)
ORDER = (NOT_BEGUN, *(stage.name for stage in STAGES))


def named(name: str) -> Stage:
    """The stage of that name, such as `"4a"`, or of that title, such as `"spans"`.

    Raises:
        InvalidSetting: there is none.
    """
    for stage in STAGES:
        if name in (stage.name, stage.title):
            return stage
    known = [word for stage in STAGES for word in (stage.name, stage.title)]
    listed = ", ".join(f"{stage.name} ({stage.title})" for stage in STAGES)
    raise InvalidSetting(f"there is no stage {name!r}{nearest(name, known)}; there are {listed}")


def title(name: str) -> str:
    """`2 (registry)`."""
    return "not begun" if name == NOT_BEGUN else f"{name} ({named(name).title})"


def after(name: str) -> "Stage | None":
    """The stage that follows; None after the last."""
    place = ORDER.index(name) + 1
    return STAGES[place - 1] if place < len(ORDER) else None


def before(name: str) -> str:
    """The position before a stage."""
    return ORDER[ORDER.index(name) - 1]


def expected(position: str) -> Dict[str, Setting]:
    """The least that the flags of a position must be set to."""
    wanted: Dict[str, Setting] = {}
    for stage in STAGES[: ORDER.index(position)]:
        wanted.update({group: Setting(stage.mode) for group in stage.groups})
        wanted.update({flag: Setting(NEW) for flag in stage.besides})
    return wanted


def short_of(position: str, settings: Settings) -> List[str]:
    """The flags of a position that are set lower than it asks for, as after a rollback."""
    wanted = expected(position)
    return sorted(flag for flag, least in wanted.items() if lower(settings.get(flag, DEFAULT), least))


def applied(position: str, settings: Settings) -> Dict[str, Setting]:
    """The settings with all flags of a position raised to what it asks for; nothing is lowered.

    A state that was set on its own (`use_registry:app.x`) keeps its setting: holding one back is
    an operator's decision.
    """
    raised = dict(settings)
    for flag, least in expected(position).items():
        if lower(raised.get(flag, DEFAULT), least):
            raised[flag] = least
    return raised


def held_back(position: str, settings: Settings) -> List[str]:
    """States with a setting of their own that is lower than their group's at this position."""
    wanted = expected(position)
    return sorted(
        flag
        for flag, own in settings.items()
        if ":" in flag and lower(own, wanted.get(flag.partition(":")[0], DEFAULT))
    )


def rolled_back(stage: str, settings: Settings) -> Dict[str, Setting]:
    """The settings with this stage and all later ones back at `legacy`; nothing is switched on.

    What enforcement raised goes back to what the stages before it asked for, because their flags
    are not part of it. The flags of the stages are named also where they were not, so that what
    code or the environment set for them counts no more.
    """
    place = ORDER.index(stage)
    kept = expected(ORDER[place - 1])
    gone = {flag for later in STAGES[place - 1 :] for flag in (*later.groups, *later.besides)}
    lowered = {**dict.fromkeys(sorted(gone), DEFAULT), **settings}
    for flag, own in settings.items():
        group = flag.partition(":")[0]
        if group not in gone:
            continue
        least = kept.get(group, DEFAULT) if _belongs_before(group, place) else DEFAULT
        if lower(least, own):
            lowered[flag] = least
    return lowered


def _belongs_before(group: str, place: int) -> bool:
    """Whether an earlier stage turned the group to `new`, so that this one only enforced it."""
    return any(group in stage.groups and stage.mode in ENABLED for stage in STAGES[: place - 1])


def lower(one: Setting, other: Setting) -> bool:
    """Whether one setting is further from `enforced` than the other; a percentage lies below `new`."""
    return _height(one) < _height(other)


def _height(setting: Setting) -> float:
    """A percentage lies between `shadow` and `new`; a hundred below `new` too, which needs no key."""
    if setting.percent is None:
        return RANK[setting.mode]
    return RANK[SHADOW] + setting.percent / 101
