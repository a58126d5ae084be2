"""The geometry of the small bars in a report's tables. Lengths are per cent of the bar's width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from outfall_reports.model import PERCENTILES, LoadResult


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of a stacked bar."""

    name: str
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One percentile of one load test; `change` compares with the first test (0.1 is +10 %)."""

    percentile: str
    first: bool
    label: str
    mode: str
    milliseconds: float
    length: float
    change: float | None


def stacked(parts: Sequence[tuple[str, float]]) -> tuple[Segment, ...]:
    """A bar whose segments share its full length by their amounts; empty where all are zero."""
    whole = sum(amount for _, amount in parts)
    segments: list[Segment] = []
    start = 0.0
    for name, amount in parts:
        if amount > 0:
            length = 100 * amount / whole
            segments.append(Segment(name, round(start, 2), round(length, 2)))
            start += length
    return tuple(segments)


def share(part: float, whole: float) -> float:
    """`part` of `whole` in per cent; 0 where there is no whole."""
    return round(100 * part / whole, 2) if whole else 0.0


def duration(hours: float) -> str:
    """Hours as a person says them: `50.1 h`, `12 min`, `3.5 s`."""
    if hours >= 1:
        return f"{hours:,.1f} h"
    if hours >= 1 / 60:
        return f"{hours * 60:.0f} min"
    return f"{hours * 3600:.1f} s" if hours * 3600 >= 0.1 else "under 0.1 s"


def latency_rows(results: Sequence[LoadResult]) -> tuple[LatencyRow, ...]:
    """The percentiles of all tests side by side, on one common scale from zero."""
    longest = max((value for result in results for value in result.latency_ms.values()), default=0.0)
    return tuple(
        LatencyRow(
            percentile=percentile,
            first=index == 0,
            label=result.label,
            mode=result.mode,
            milliseconds=result.latency_ms[percentile],
            length=share(result.latency_ms[percentile], longest),
            change=_change(results[0].latency_ms[percentile], result, percentile) if index else None,
        )
        for percentile in PERCENTILES
        for index, result in enumerate(results)
    )


def _change(before: float, result: LoadResult, percentile: str) -> float | None:
    return result.latency_ms[percentile] / before - 1 if before else None
