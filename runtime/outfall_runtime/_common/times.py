"""Times as documents have them: UTC, ISO 8601 with a final Z, with milliseconds or without."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Sequence, Tuple, Union

NEVER = float("-inf")


def now() -> str:
    """To the millisecond, so that of two processes of one second it is clear which is later."""
    whole, thousandths = divmod(time.time_ns() // 1_000_000, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{thousandths:03d}Z"


def seconds(text: str) -> float:
    """Seconds since the epoch; minus infinity for what is no such time."""
    from calendar import timegm
    from time import strptime

    whole, _, fraction = text.rstrip("Z").partition(".")
    try:
        return timegm(strptime(whole, "%Y-%m-%dT%H:%M:%S")) + (float(f"0.{fraction}") if fraction else 0.0)
    except (ValueError, OverflowError):
        return NEVER


def hours_between(begin: str, end: Union[str, float]) -> float:
    """Hours from one time to another, which may be in seconds since the epoch; negative if it is earlier."""
    return ((seconds(end) if isinstance(end, str) else end) - seconds(begin)) / 3600


def union_hours(spans: Sequence[Tuple[str, float]], begin: str) -> float:
    """Hours since `begin` that at least one of the spans covers.

    Args:
        spans: the end of each, and its length in hours.
    """
    least = seconds(begin)
    ends = [(seconds(end), length) for end, length in spans]
    pairs: List[Tuple[float, float]] = sorted((max(end - length * 3600, least), end) for end, length in ends)
    total, reached = 0.0, least
    for start, end in pairs:
        total += max(end - max(start, reached), 0.0)
        reached = max(reached, end)
    return total / 3600
