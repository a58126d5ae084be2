"""One change of a rollout: the flag file, its history, and the workers that have to follow."""

from __future__ import annotations

import os

from .._common.modes import DEFAULT, Setting, parse_setting
from .._common.record import NamedTuple
from .._common.states import FOLDER_VARIABLE
from .._flags import flag_file
from ..errors import BrokenSource, InvalidSetting
from . import history, stages
from . import workers as _workers
from .stages import NOT_BEGUN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

    from .._flags.flag_file import FlagFile
    from .stages import Stage
    from .workers import Reach, Worker

    Settings = Mapping[str, Setting]
    Edit = Callable[[FlagFile], Tuple[str, Settings, Dict[str, Any]]]


class Move(NamedTuple):
    """What a command changed.

    `changes` are settings before and after by flag; `reach` says which workers have them;
    `problems` is what did not work besides.
    """

    action: str
    before: str
    after: str
    changes: Mapping[str, Tuple[str, str]]
    revision: int
    reach: Optional[Reach]
    problems: Tuple[str, ...] = ()


def make(
    action: str, edit: Edit, actor: str, reason: str, path: str, folder: Optional[str], timeout: float, stage: str = ""
) -> Move:
    """Change the flag file as `edit` says, note it in the history, and wait for the workers.

    Args:
        edit: from the file as it stands to the position and the settings to go to, and what else
            the history should have; it may raise, and then nothing is changed.
    """
    moved: Dict[str, Any] = {}
    problems: List[str] = []

    def change(found: FlagFile) -> Dict[str, Any]:
        position, settings, more = edit(found)
        _noted(path, found.rollout.get("last"), problems)
        entry = {
            "id": identifier(),
            "time": flag_file.now(),
            "action": action,
            "actor": actor,
            "reason": reason,
            "from": position_of(found),
            "to": position,
            "changes": differences(found.settings, settings),
            **({"stage": stage} if stage else {}),
            **more,
        }
        moved.update(entry)
        rollout = {**found.rollout, "stage": position, "last": entry}
        if entry["from"] != position or (action != "set" and entry["changes"]):
            rollout["since"] = entry["time"]
        return {**found.document, "flags": settings, "rollout": rollout}

    least = max((one.revision for one in (_workers.living(folder, path)[0] if folder else [])), default=0)
    changed = flag_file.change(path, change, actor=actor, least=least, then=lambda: _noted(path, moved, problems))
    reach = _workers.wait_for(folder, path, changed.reading.revision, timeout)
    return Move(action, moved["from"], moved["to"], moved["changes"], changed.reading.revision, reach, tuple(problems))


def _noted(path: str, entry: object, problems: List[str]) -> None:
    """Enter a change into the history, unless it is there; a full disk must not keep anybody from going back."""
    try:
        if isinstance(entry, dict):
            history.mend(history.place(path), entry)
    except OSError as error:
        if not problems:
            problems.append(f"{history.place(path)}: the history could not be written: {error}")


def next_stage(position: str, found: FlagFile) -> Optional[Stage]:
    """The stage to go to: the present one where its flags were taken back, else the one after it."""
    if position != NOT_BEGUN and stages.short_of(position, found.settings):
        return stages.named(position)
    return stages.after(position)


def position_of(found: FlagFile) -> str:
    """The stage that the rollout is at.

    Raises:
        BrokenSource: the file names one that there is not.
    """
    stage = found.rollout.get("stage", NOT_BEGUN)
    if stage not in stages.ORDER:
        raise BrokenSource(f"{found.path}: rollout: stage is {stage!r}; expected one of {', '.join(stages.ORDER)}")
    return str(stage)


def in_effect(settings: Mapping[str, Setting], workers: Sequence[Worker]) -> Dict[str, Setting]:
    """The file's settings, and those of workers that are higher or that the file does not name."""
    highest = dict(settings)
    for worker in workers:
        for flag, text in worker.flags.items():
            try:
                own = parse_setting(text)
            except InvalidSetting:  # a worker of another version
                continue
            if flag not in highest or stages.lower(highest[flag], own):
                highest[flag] = own
    return highest


def differences(before: Mapping[str, Setting], after: Mapping[str, Setting]) -> Dict[str, Tuple[str, str]]:
    """What changes, by flag."""
    pairs = {flag: (str(before.get(flag, DEFAULT)), str(after[flag])) for flag in sorted(after)}
    return {flag: pair for flag, pair in pairs.items() if pair[0] != pair[1]}


def folder_of(folder: Optional[str]) -> Optional[str]:
    """Where processes leave what they report."""
    return folder or os.environ.get(FOLDER_VARIABLE) or None


def identifier() -> str:
    """A word that nobody else has."""
    return os.urandom(8).hex()
