"""Takes the latest stage back by itself when the service does worse than its thresholds allow.

Hazard: every process looks, and a rollback must happen once; what was bad before a rollback is in
the figures for a while after it. So whoever looks holds a lock without waiting for it, and after an
automatic rollback nobody looks until the figures are of the time since.
"""

from __future__ import annotations

import os
import time

from .._common.documents import locked
from .._common.record import NamedTuple
from .._common.times import seconds
from .._flags import flag_file as _flag_file
from .._measures.service import WINDOW
from ..errors import BrokenSource
from . import figures as _figures
from . import limits, stages
from .moves import folder_of, position_of
from .stages import NOT_BEGUN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    from .figures import Breach
    from .moves import Move

AUTOMATIC = "automatic"
VARIABLE = "OUTFALL_AUTO_ROLLBACK"  # set to 1: the processes of the service look themselves


class Look(NamedTuple):
    """What one look found: the figures, what they exceed, and the rollback where there was one."""

    figures: Dict[str, float]
    breaches: Tuple[Breach, ...]
    move: Optional[Move]
    said: str


def place(flag_file: str) -> str:
    """Where the baseline of a flag file's service is."""
    return f"{os.path.splitext(flag_file)[0]}.baseline.json"


def measured(path: str, folder: str) -> "Tuple[Dict[str, float], List[Breach]]":
    """The figures of the service now, and the thresholds that they exceed.

    Raises:
        BrokenSource: the baseline or the limits are broken; one that is not there compares with nothing.
    """
    from .. import metrics

    baseline = place(path)
    before = _figures.read_baseline(baseline) if os.path.exists(baseline) else {}
    found = _figures.figures(metrics.merge(metrics.read_folder(folder)[0])["processes"])
    return found, _figures.breaches(found, before, limits.read(limits.place(path)).thresholds)


def look(*, file: Optional[str] = None, folder: Optional[str] = None, dry: bool = False, timeout: float = 10.0) -> Look:
    """Look once, and take the latest stage back if a threshold is exceeded.

    Args:
        dry: only say what would be done.

    Raises:
        BrokenSource: there is no flag file or no folder to look at, or one of the files is broken.
    """
    path, where = _flag_file.place(file), folder_of(folder)
    if where is None:
        raise BrokenSource("nothing is measured: set OUTFALL_METRICS_DIR or give --metrics")
    with locked(os.path.join(where, "guard"), 0.0) as obtained:
        if not obtained:
            return Look({}, (), None, "another process is looking")
        return _look(path, where, dry, timeout)


def _look(path: str, folder: str, dry: bool, timeout: float) -> Look:
    from .. import control

    file = _flag_file.read(path)
    position = position_of(file)
    found, exceeded = measured(path, folder)
    breaches = tuple(exceeded)
    if not breaches:
        return Look(found, (), None, "all thresholds are kept")
    if position == NOT_BEGUN or file.reading.emergency:
        return Look(found, breaches, None, "nothing is rolled out that could be taken back")
    last = file.rollout.get("last") or {}
    since = time.time() - seconds(str(last.get("time", "")))
    if last.get("action") == AUTOMATIC and 0 <= since < WINDOW:
        return Look(found, breaches, None, f"waiting {WINDOW - since:.0f} s for figures of the time since the last rollback")
    if dry:
        return Look(found, breaches, None, f"stage {stages.title(position)} would be taken back")
    reason = "; ".join(map(str, breaches))
    move = control.rollback(
        position, reason=reason, actor=AUTOMATIC, file=path, folder=folder, timeout=timeout, action=AUTOMATIC
    )
    return Look(found, breaches, move, f"stage {stages.title(position)} was taken back: {reason}")


def after_snapshot() -> None:
    """Look, where the environment asks for it; called by the thread that writes snapshots."""
    if os.environ.get(VARIABLE, "") not in ("", "0"):
        from .._common import report

        if _looked_lately(folder_of(None)):
            return
        found = look(timeout=0.0)
        if found.move is not None:
            report.warn(f"automatic rollback: {found.said}")


def _looked_lately(folder: Optional[str]) -> bool:
    """Whether another process has looked within half an interval; if not, this one is about to."""
    from .._measures.reporting import seconds as interval

    if folder is None:
        return True
    mark = os.path.join(folder, "guard.lock")
    try:
        if 0 <= time.time() - os.stat(mark).st_mtime < interval() / 2:
            return True
        os.utime(mark)
    except OSError:  # nobody has looked yet, or only an operator who is somebody else
        pass
    return False
