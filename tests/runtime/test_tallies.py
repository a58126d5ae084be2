"""Counting without a lock: nothing is lost between threads, and asking changes nothing."""

from __future__ import annotations

from typing import Any, Callable, List, Union

import pytest

from outfall_runtime._common.tallies import Count, Tally

THREADS, TIMES = 8, 5_000


def step(number: Union[Count, Tally]) -> Callable[[], object]:
    return number.add if isinstance(number, Tally) else lambda: next(number.up)


@pytest.mark.parametrize("kind", [Count, Tally])
def test_no_step_is_lost_between_threads(
    kind: Any, run_all: Callable[[List[Callable[[], Any]]], None], eager_switching: None
) -> None:
    number = kind()
    up = step(number)
    run_all([lambda: [up() for _ in range(TIMES)]] * THREADS)
    assert number.total() == THREADS * TIMES


@pytest.mark.parametrize("kind", [Count, Tally])
def test_asking_is_no_step_and_clearing_begins_at_zero(kind: Any) -> None:
    number = kind()
    up = step(number)
    assert [number.total(), number.total()] == [0, 0]
    for _ in range(3):
        up()
    assert [number.total(), number.total()] == [3, 3]
    number.clear()
    assert number.total() == 0
    up()
    assert number.total() == 1
