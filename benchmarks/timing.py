"""Ratios that can be trusted on a noisy machine.

Absolute times differ from minute to minute on shared hardware, so nothing here reports them alone.
Two statements are timed in turn, A B A B ..., in CPU time of this process, so that neighbours who
take the processor away do not count. The cost of an empty loop is taken off both, and the median
of the per-round ratios is the figure: drift hits both halves of a round alike. The spread shown
is that of the middle half of the rounds.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from timeit import Timer
from typing import Any

ROUNDS = 15
QUICK_ROUNDS = 3
SECONDS_PER_SAMPLE = 0.02


@dataclass(frozen=True)
class Ratio:
    """Median and quartiles of the per-round ratios."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, pairs: list[tuple[float, float]]) -> Ratio:
        """From (candidate, baseline) costs, one pair a round, in any unit."""
        ratios = [candidate / baseline for candidate, baseline in pairs]
        low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
        return cls(median, low, high)


def wall(work: Callable[[], object]) -> float:
    """Seconds by the clock of one call."""
    return _spent(work, time.perf_counter)


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    return _spent(work, time.process_time)


def _spent(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """What a clock shows for one call, garbage of earlier calls collected beforehand."""
    gc.collect()
    start = clock()
    work()
    return clock() - start


def loops_for(timer: Timer) -> int:
    """How many loops make a sample of about `SECONDS_PER_SAMPLE`."""
    timer.timeit(1)  # what is imported or made on first use is no part of it
    loops = 1
    while (spent := timer.timeit(loops)) < SECONDS_PER_SAMPLE / 4:
        loops *= 4
    return max(1, round(loops * SECONDS_PER_SAMPLE / spent))


def ratio(
    candidate: str,
    baseline: str,
    names: dict[str, Any],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> Ratio:
    """Cost of statement `candidate` in units of statement `baseline`; both see `names`.

    With `time.thread_time` as the clock, what other threads do meanwhile does not count.
    """
    timers = [Timer(statement, timer=clock, globals=names) for statement in (candidate, baseline, "pass")]
    loops = [loops_for(timer) for timer in timers]
    pairs = []
    for _ in range(rounds):
        costs = [timer.timeit(count) / count for timer, count in zip(timers, loops)]
        empty = costs[2]
        pairs.append((max(costs[0] - empty, 0.0), max(costs[1] - empty, 1e-12)))
    return Ratio.of(pairs)
