"""Values as JSON and back: exactly as they were, or refused."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from enum import IntEnum
from typing import Any, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall_runtime._tables.encoding import CannotEncode, decoded, encoded


class Thing:
    def __init__(self, number: int) -> None:
        self.number = number


class Colour(IntEnum):
    RED = 1


PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False) | st.binary()
KEYS = st.none() | st.booleans() | st.integers() | st.text() | st.tuples(st.text(), st.integers()) | st.frozensets(st.integers())
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner) | st.tuples(inner, inner) | st.sets(st.integers() | st.text()),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_is_written_comes_back_as_it_was(value: Any) -> None:
    back = decoded(json.loads(json.dumps(encoded(value), allow_nan=False)))
    assert (back, repr(type(back))) == (value, repr(type(value)))


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1 << 90, -(1 << 90), {"$type": 1}, {"$": 1}, "\ud800", (), set()])
def test_what_json_has_no_word_for(value: Any) -> None:
    assert decoded(json.loads(json.dumps(encoded(value), allow_nan=False))) == value


def test_nan_comes_back() -> None:
    assert math.isnan(decoded(json.loads(json.dumps(encoded(math.nan), allow_nan=False))))


@pytest.mark.parametrize("value", [Thing(1), Colour.RED, object(), [1, {"x": Thing(1)}], {Thing(1): 1}, lambda: 1, OrderedDict()])
def test_what_cannot_be_written_is_refused(value: Any) -> None:
    with pytest.raises(CannotEncode):
        encoded(value)


def test_what_holds_itself_is_refused() -> None:
    ring: List[Any] = []
    ring.append(ring)
    with pytest.raises(CannotEncode, match="within itself"):
        encoded(ring)
