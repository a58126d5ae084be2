"""What a team asks of its rollout: dwell times, alert thresholds, processes, accepted findings.

Beside the flag file, `flags.stages.json`; everything in it has a default.
"""

from __future__ import annotations

import os

from .._common.record import NamedTuple
from ..errors import BrokenSource, nearest
from .stages import STAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Mapping, Tuple

VERSION = 1

# name: (value, what it is). A rise is a factor to the baseline's figure.
THRESHOLDS: Dict[str, Tuple[float, str]] = {
    "registry_p99_ms": (10.0, "99th percentile of a registry read, in milliseconds"),
    "not_found_rate": (0.05, "reads of a table that found nothing, as a share of all, above the baseline's"),
    "error_rate_rise": (1.2, "share of failed requests, as a factor to the baseline's"),
    "tables_mb": (500.0, "estimated size of all tables of one process, in MB"),
    "processes_rise": (1.5, "number of living processes, as a factor to the baseline's"),
    "growth_mb_per_hour": (1.0, "growth of the tables of one process, in MB per hour"),
    "batch_lag_seconds": (60.0, "seconds since a handler of events last took anything while something waits for it"),
}


class Limits(NamedTuple):
    """`dwell` is hours by stage; `thresholds` by name; `accepted` gives reasons for call sites and states."""

    dwell: Mapping[str, float]
    thresholds: Mapping[str, float]
    processes: Tuple[str, ...] = ()
    accepted: Mapping[str, str] = {}


def defaults() -> Limits:
    """The limits of a team that has set none."""
    return Limits({stage.name: stage.dwell for stage in STAGES}, {name: value for name, (value, _) in THRESHOLDS.items()})


def place(flag_file: str) -> str:
    """Where the limits of a flag file's rollout are."""
    return f"{os.path.splitext(flag_file)[0]}.stages.json"


def read(path: str) -> Limits:
    """The limits in a file, with the defaults for whatever it does not say; without a file the defaults.

    Raises:
        BrokenSource: it cannot be read, or says something that cannot be meant.
    """
    import json

    try:
        with open(path, encoding="utf-8") as stream:
            document = json.load(stream)
    except FileNotFoundError:
        return defaults()
    except OSError as error:
        raise BrokenSource(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise BrokenSource(f"{path}: not valid JSON: {error}") from None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise BrokenSource(f'{path}: expected an object with "version": {VERSION}')
    _check_names(path, "", document, ("version", "dwell_hours", "thresholds", "processes", "accepted"))
    least = defaults()
    dwell = _numbers(path, "dwell_hours", document.get("dwell_hours", {}), least.dwell)
    thresholds = _numbers(path, "thresholds", document.get("thresholds", {}), least.thresholds)
    processes, accepted = document.get("processes", []), document.get("accepted", {})
    if not isinstance(processes, list) or not all(isinstance(name, str) for name in processes):
        raise BrokenSource(f'{path}: "processes" is {processes!r}; expected a list of names')
    if not isinstance(accepted, dict) or not all(isinstance(why, str) and why for why in accepted.values()):
        raise BrokenSource(f'{path}: "accepted" is {accepted!r}; expected a reason for each call site or state')
    return Limits(dwell, thresholds, tuple(processes), accepted)


def _numbers(path: str, section: str, found: Any, least: Mapping[str, float]) -> Mapping[str, float]:
    if not isinstance(found, dict):
        raise BrokenSource(f'{path}: "{section}" is {found!r}; expected an object')
    _check_names(path, f"{section}: ", found, tuple(least))
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
            raise BrokenSource(f"{path}: {section}: {name} is {value!r}; expected a number of at least 0")
    return {**least, **found}


def _check_names(path: str, where: str, found: Mapping[str, Any], known: Tuple[str, ...]) -> None:
    for name in found:
        if name not in known:
            raise BrokenSource(f"{path}: {where}unknown name {name!r}{nearest(name, known)}; there are {', '.join(known)}")
