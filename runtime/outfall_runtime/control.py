"""A rollout stage by stage, in production: forward when it is ready, back at once.

    from outfall_runtime import control

    control.advance(actor="ada")                        # NotReady says exactly what is missing
    control.rollback("3", reason="wrong tenants", actor="ada")
    control.emergency_rollback("errors everywhere", actor="ada")

Stages: 1 monitoring · 2 registry · 3 context · 4a spans · 4b events · 5 enforcement. Where a rollout
stands is kept in the flag file, beside the flags themselves, so both change in one step; what was
done is kept in its history (`flags.history.jsonl`). Every worker follows the flag file; each
command waits until all have it.

Hazard: several people and an automatic rollback may act at once, and commands are killed. Every
change is one replacement of the flag file under a lock; going back never waits for evidence, and
the emergency rollback waits for nothing.
"""

from __future__ import annotations

import time

from ._common.modes import DEFAULT, Setting
from ._common.record import NamedTuple
from ._flags import flag_file
from ._rollout import history as _history
from ._rollout import limits as _limits
from ._rollout import readiness, stages
from ._rollout import workers as _workers
from ._rollout.moves import (
    Move,
    folder_of,
    identifier,
    in_effect,
    make,
    next_stage,
    position_of,
)
from ._rollout.stages import NOT_BEGUN
from .errors import BrokenSource, InvalidSetting, NotReady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Mapping, Optional, Tuple

    from ._flags.flag_file import FlagFile
    from ._rollout.stages import Stage
    from ._rollout.workers import Worker

__all__ = ["Move", "Status", "advance", "emergency_rollback", "history", "resume", "rollback", "set_flags", "status"]

TIMEOUT = 10.0  # seconds to wait for every worker


class Status(NamedTuple):
    """Where a rollout stands. `missing` is what it waits for before `upcoming`, which is None after the last."""

    position: str
    since: str
    upcoming: Optional[str]
    missing: Tuple[str, ...]
    held_back: Tuple[str, ...]
    emergency: str
    workers: Tuple[Worker, ...]
    revision: int


def status(*, file: Optional[str] = None, folder: Optional[str] = None) -> Status:
    """Where the rollout stands, and what it waits for.

    Raises:
        BrokenSource: no flag file was named, or it is broken.
    """
    path = flag_file.place(file)
    found = flag_file.read(path)
    where = folder_of(folder)
    position = position_of(found)
    upcoming = next_stage(position, found)
    lacking = _missing(found, position, upcoming, where) if upcoming is not None else []
    workers = _workers.living(where, path)[0] if where else []
    return Status(
        position,
        str(found.rollout.get("since", "")),
        None if upcoming is None else upcoming.name,
        tuple(lacking),
        tuple(stages.held_back(position, found.settings)),
        found.reading.emergency,
        tuple(workers),
        found.reading.revision,
    )


def advance(
    *, actor: str, reason: str = "", force: bool = False, to: Optional[str] = None, file: Optional[str] = None,
    folder: Optional[str] = None, timeout: float = TIMEOUT,
) -> Move:  # fmt: skip
    """Go on to the next stage, if everything that it needs was measured.

    Where flags of the present stage were taken back meanwhile, that stage begins anew instead. If somebody
    else moves the rollout while this begins, it stays where they took it.

    Args:
        to: go on only if this is the next stage; for programs, and for several people who may act at once.
        reason: why; with `force` it has to say why what is missing does not matter.
        force: go on whatever is missing; the history keeps what was.
        folder: where processes leave evidence; by default `OUTFALL_METRICS_DIR`.
        timeout: seconds to wait for every worker.

    Raises:
        NotReady: it may not go on; nothing was changed.
        InvalidSetting: `to` is no stage, or `force` has no reason.
        BrokenSource: no flag file was named, or it is broken.
    """
    if force and not reason:
        raise InvalidSetting("going on by force needs a reason")
    aim = None if to is None else stages.named(to).name
    path, where = flag_file.place(file), folder_of(folder)
    seen = position_of(flag_file.read(path))

    def edit(found: FlagFile) -> "Tuple[str, Dict[str, Setting], Dict[str, Any]]":
        position = position_of(found)
        upcoming = next_stage(position, found)
        if found.reading.emergency:
            raise NotReady("an emergency rollback holds", [f"{found.reading.emergency}; end it with `stage resume` first"])
        if position != seen:
            raise NotReady("the rollout moved meanwhile", [f"{stages.title(seen)} -> {stages.title(position)}; look again"])
        if upcoming is None:
            raise NotReady("the rollout is at its last stage", [f"it has been at {stages.title(position)} ever since"])
        if aim not in (None, upcoming.name):
            raise NotReady(f"{stages.title(aim)} is not the next stage", [f"that is {stages.title(upcoming.name)}"])
        lacking = _missing(found, position, upcoming, where)
        if lacking and not force:
            raise NotReady(f"stage {stages.title(upcoming.name)} is not ready", lacking)
        return upcoming.name, stages.applied(upcoming.name, found.settings), {"forced": lacking} if lacking else {}

    return make("advance", edit, actor, reason, path, where, timeout)


def rollback(
    stage: str, *, reason: str, actor: str, file: Optional[str] = None, folder: Optional[str] = None,
    timeout: float = TIMEOUT, action: str = "rollback",
) -> Move:  # fmt: skip
    """Take a stage and all later ones back to `legacy`; nothing is switched on.

    What other sources than the flag file switched on is taken back too, where a running worker
    reports it.

    Raises:
        InvalidSetting: there is no such stage.
        BrokenSource: no flag file was named, or it is broken (then `emergency_rollback` works).
    """
    name = stages.named(stage).name
    path, where = flag_file.place(file), folder_of(folder)
    workers = _workers.living(where, path)[0] if where else []

    def edit(found: FlagFile) -> "Tuple[str, Dict[str, Setting], Dict[str, Any]]":
        position = position_of(found)
        back = min(position, stages.before(name), key=stages.ORDER.index)
        return back, stages.rolled_back(name, in_effect(found.settings, workers)), {}

    return make(action, edit, actor, reason, path, where, timeout, stage=name)


def emergency_rollback(
    reason: str, actor: str, *, file: Optional[str] = None, folder: Optional[str] = None, timeout: float = 0.0
) -> Move:
    """Everything to `legacy`: in this process by one swap, in every worker through the flag file.

    Never raises. What did not work (an unwritable flag file, a broken flag table) is named in the
    result; this process is at `legacy` in any case, and stays there until `resume`.
    """
    from . import flags
    from ._flags import emergency as _emergency

    problems = _emergency.stop(flags.board, reason)
    try:
        path = flag_file.place(file)
    except BrokenSource as error:
        return Move("emergency", "", NOT_BEGUN, {}, 0, None, (*problems, f"other processes were not reached: {error}"))
    from ._rollout.emergency_file import write_stop

    where = folder_of(folder)
    before, changes, revision = write_stop(path, where, reason, actor, problems)
    reach = _workers.wait_for(where, path, revision, timeout) if revision else None
    return Move("emergency", before, NOT_BEGUN, changes, revision, reach, tuple(problems))


def resume(
    *, reason: str, actor: str, file: Optional[str] = None, folder: Optional[str] = None, timeout: float = TIMEOUT
) -> Move:
    """End an emergency rollback. All flags stay at `legacy`; the rollout begins anew with `advance`.

    Raises:
        NotReady: there is no emergency to end.
    """
    path, where = flag_file.place(file), folder_of(folder)
    stopped = [one for one in (_workers.living(where, path)[0] if where else []) if one.stopped]

    def edit(found: FlagFile) -> "Tuple[str, Dict[str, Setting], Dict[str, Any]]":
        if not found.reading.emergency and not stopped:
            raise NotReady("nothing to resume", ["no emergency rollback holds"])
        found.document.pop("emergency", None)
        found.document["resumed"] = identifier()
        return NOT_BEGUN, dict.fromkeys(found.settings, DEFAULT), {}

    return make("resume", edit, actor, reason, path, where, timeout)


def set_flags(
    values: Mapping[str, Setting], *, actor: str, reason: str = "", file: Optional[str] = None,
    folder: Optional[str] = None, timeout: float = TIMEOUT,
) -> Move:  # fmt: skip
    """Set single flags in the flag file; the stage stays what it is.

    Raises:
        NotReady: an emergency rollback holds.
    """

    def edit(found: FlagFile) -> "Tuple[str, Dict[str, Setting], Dict[str, Any]]":
        if found.reading.emergency:
            raise NotReady("an emergency rollback holds", [f"{found.reading.emergency}; end it with `stage resume` first"])
        return position_of(found), {**found.settings, **values}, {}

    return make("set", edit, actor, reason, flag_file.place(file), folder_of(folder), timeout)


def history(*, file: Optional[str] = None) -> "Tuple[List[Dict[str, Any]], List[str]]":
    """Everything that was done to the rollout, oldest first, and what of it cannot be read."""
    path = flag_file.place(file)
    entries, problems = _history.read(_history.place(path))
    try:
        last = flag_file.read(path).rollout.get("last")
    except BrokenSource as error:
        return entries, [*problems, str(error)]
    if isinstance(last, dict) and not any(entry.get("id") == last.get("id") for entry in entries):
        entries.append(last)
    return entries, problems


def _missing(found: FlagFile, position: str, upcoming: Stage, folder: Optional[str]) -> List[str]:
    limits = _limits.read(_limits.place(found.path))
    if upcoming.name == position:  # taken up again, which only switches on what was on before
        position = NOT_BEGUN
    return readiness.missing(found, position, upcoming, limits, folder, time.time())
