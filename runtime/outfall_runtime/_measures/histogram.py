"""Counts of durations in buckets whose width grows with the duration.

The buckets are log-linear, as in Gil Tene's HdrHistogram (hdrhistogram.org): every power of two is
divided into `PARTS` equal parts, so a bucket is never wider than 1/16 of what it counts, and a
quantile is wrong by at most that, from nanoseconds to hours, in a few hundred counters. The number
of a bucket follows from the bits of the duration alone, so histograms of all processes add up.

Hazard: `counts[b] += 1` loses counts between threads; a lock around it may be held while the
garbage collector runs somebody's `__del__`. So every thread counts in a mapping of its own.
"""

from __future__ import annotations

from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, Mapping

BITS = 4
PARTS = 1 << BITS  # buckets for each power of two
MOST = 1 << 46  # nanoseconds, about 19 hours; longer ones count as this

Counts = "Mapping[int, int]"


def bucket(nanoseconds: int) -> int:
    """The number of the bucket that counts a duration."""
    value = min(max(nanoseconds, 0), MOST)
    shift = value.bit_length() - BITS - 1
    if shift <= 0:
        return value
    return (shift << BITS) + (value >> shift)


def lowest(number: int) -> int:
    """The shortest duration in a bucket, in nanoseconds."""
    shift = (number >> BITS) - 1
    if shift <= 0:
        return number
    return (PARTS + (number & (PARTS - 1))) << shift


class Histogram:
    """Durations that many threads count."""

    __slots__ = ("_cells",)

    def __init__(self) -> None:
        self._cells: Dict[int, Dict[int, int]] = {}  # outfall: ignore[OUT203] added up, never read by key

    def add(self, nanoseconds: int) -> None:
        value = nanoseconds if 0 <= nanoseconds <= MOST else min(max(nanoseconds, 0), MOST)
        shift = value.bit_length() - 5
        number = value if shift <= 0 else (shift << 4) + (value >> shift)
        try:
            cell = self._cells[get_ident()]
        except KeyError:
            cell = self._cells.setdefault(get_ident(), {})
        cell[number] = cell.get(number, 0) + 1

    def counts(self) -> Dict[int, int]:
        """How many durations every bucket has."""
        return added(dict(cell) for cell in list(self._cells.values()))


def added(several: "Iterable[Mapping[int, int]]") -> "Dict[int, int]":
    """The sum of several histograms."""
    total: Dict[int, int] = {}
    for counts in several:
        for number, count in counts.items():
            total[number] = total.get(number, 0) + count
    return total


def quantile(counts: "Mapping[int, int]", share: float) -> float:
    """The duration, in seconds, that this share of all durations does not exceed; NaN where there are none.

    The middle of the bucket in which it lies.
    """
    wanted = share * sum(counts.values())
    seen = 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= wanted:
            return (lowest(number) + lowest(number + 1)) / 2e9
    return float("nan")


def as_json(counts: "Mapping[int, int]") -> "Dict[str, int]":
    """Bucket numbers as texts, which JSON wants for names."""
    return {str(number): count for number, count in sorted(counts.items())}


def from_json(found: object) -> "Dict[int, int]":
    """What `as_json` wrote; empty for what is no histogram."""
    try:
        return {int(number): int(count) for number, count in found.items()} if isinstance(found, dict) else {}
    except (TypeError, ValueError):
        return {}
