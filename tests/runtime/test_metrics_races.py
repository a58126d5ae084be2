"""Figures that are counted on several threads while snapshots are written on others."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import metrics
from outfall_runtime._measures import histogram as _histogram
from outfall_runtime._measures.histogram import Histogram
from outfall_runtime._measures.service import WINDOW, Service

InStep = Callable[..., None]


def test_no_duration_is_lost_while_others_look(in_step: InStep) -> None:
    durations, seen = Histogram(), []  # type: Histogram, List[int]

    def work(me: int, number: int) -> None:
        if me == 0:
            seen.append(sum(durations.counts().values()))
        else:
            for one in range(50):
                durations.add((number * 50 + one) ** 2)

    in_step(3, 200, work)
    assert seen == sorted(seen)
    assert sum(durations.counts().values()) == 2 * 200 * 50


def test_no_snapshot_has_more_errors_than_requests(in_step: InStep) -> None:
    service = Service()
    seen: List[Dict[str, Any]] = []

    def work(me: int, number: int) -> None:
        for _ in range(20):
            if me == 0:
                seen.append(service._totals())
            else:
                service.count_request(failed=True, seconds=0.001)

    in_step(3, 200, work)
    assert [one for one in seen if one["errors"] > one["requests"]] == []
    assert [one for one in seen if sum(one["latency"].values()) > one["requests"]] == []
    last = service._totals()
    assert (last["requests"], last["errors"], sum(last["latency"].values())) == (8_000, 8_000, 8_000)


def test_the_window_moves_on_whoever_writes(in_step: InStep, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two snapshots at once: each window has what was counted since its mark, and is no longer than it may be."""
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    service = Service()
    seen: List[Dict[str, Any]] = []

    def before(number: int) -> None:
        now[0] += WINDOW / 2
        service.count_request()

    in_step(3, 100, lambda me, number: seen.append(service.snapshot()["window"]), before)
    assert {one["seconds"] for one in seen[6:]} == {WINDOW}
    assert {one["requests"] for one in seen[6:]} == {2}


def test_every_snapshot_has_a_number_of_its_own(in_step: InStep) -> None:
    found: List[int] = []
    in_step(3, 100, lambda me, number: found.append(metrics.process()["sequence"]))
    assert len(found) == len(set(found)) == 300


def test_buckets_that_are_added_up_while_they_fill_are_whole(in_step: InStep) -> None:
    durations = Histogram()

    def work(me: int, number: int) -> None:
        if me:
            durations.add(1 << (number % 40))
        else:
            assert all(count > 0 for count in durations.counts().values())
            assert _histogram.quantile(durations.counts(), 1.0) != 0.0

    in_step(4, 300, work)
    assert sum(durations.counts().values()) == 3 * 300
