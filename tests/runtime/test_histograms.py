"""Histograms: never further off than a bucket is wide, and none is lost."""

from __future__ import annotations

import json
import math
import threading
from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall_runtime._measures import histogram as _histogram
from outfall_runtime._measures.histogram import Histogram

NANOSECONDS = st.integers(min_value=0, max_value=_histogram.MOST)


@given(NANOSECONDS)
def test_a_bucket_is_never_wider_than_a_sixteenth(value: int) -> None:
    number = _histogram.bucket(value)
    low, high = _histogram.lowest(number), _histogram.lowest(number + 1)
    assert low <= value < high
    assert high - low == 1 or (high - low) * 16 <= low


@given(st.lists(NANOSECONDS, min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_quantile_is_that_of_the_sorted_values_within_a_bucket(values: List[int], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]
    assert abs(_histogram.quantile(histogram.counts(), share) * 1e9 - exact) <= exact / 16 + 1


@given(st.lists(st.lists(NANOSECONDS)))
def test_histograms_of_several_processes_add_up(parts: List[List[int]]) -> None:
    histograms = [Histogram() for _ in parts]
    whole = Histogram()
    for histogram, values in zip(histograms, parts):
        for value in values:
            histogram.add(value)
            whole.add(value)
    back = [_histogram.from_json(json.loads(json.dumps(_histogram.as_json(one.counts())))) for one in histograms]
    assert _histogram.added(back) == whole.counts()


def test_no_count_is_lost_between_threads() -> None:
    histogram = Histogram()
    threads = [threading.Thread(target=lambda: [histogram.add(7) for _ in range(20_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histogram.counts() == {7: 80_000}


@pytest.mark.parametrize("found", [None, [], {"a": 1}, {"1": "x"}, 3])
def test_what_is_no_histogram_counts_nothing(found: object) -> None:
    assert _histogram.from_json(found) == {}
    assert math.isnan(_histogram.quantile({}, 0.5))


def test_a_negative_or_endless_duration_harms_nothing() -> None:
    histogram = Histogram()
    histogram.add(-5)
    histogram.add(1 << 80)
    assert sorted(histogram.counts()) == [0, _histogram.bucket(_histogram.MOST)]
