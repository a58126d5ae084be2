"""ContextValue: one typed value per context."""

from __future__ import annotations

from typing import Optional

import pytest

from outfall_runtime import ContextValue


def test_a_value_without_default_has_to_be_set() -> None:
    value: ContextValue[int] = ContextValue("test_context.value")
    with pytest.raises(LookupError, match="test_context.value has no value here and no default"):
        value.get()
    with value.use(1):
        assert value.get() == 1
    with pytest.raises(LookupError):
        value.get()


def test_values_nest_and_close_in_any_order() -> None:
    value = ContextValue("test_context.nested", default=0)
    first, second = value.use(1), value.use(2)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert value.get() == 2
    second.__exit__(None, None, None)
    assert value.get() == 0


def test_setting_inside_a_block_ends_with_the_block() -> None:
    value = ContextValue("test_context.set", default=0)
    value.set(1)
    with value.use(2):
        value.set(3)
        assert value.get() == 3
    assert value.get() == 1


def test_what_was_never_set_cannot_be_taken_back() -> None:
    value: ContextValue[int] = ContextValue("test_context.never", default=1)
    with pytest.raises(LookupError, match="test_context.never has no value here"):
        value.unset()
    assert (value.is_set(), value.get(), value.get(2)) == (False, 1, 2)


def test_a_value_is_taken_back() -> None:
    value: ContextValue[int] = ContextValue("test_context.back")
    value.set(1)
    assert (value.is_set(), value.get(2)) == (True, 1)
    value.unset()
    assert (value.is_set(), value.get(2)) == (False, 2)
    with pytest.raises(LookupError):
        value.unset()


def test_taking_back_inside_a_block_ends_with_the_block() -> None:
    value = ContextValue("test_context.block", default=0)
    value.set(1)
    with value.use(2):
        value.unset()
        assert (value.get(), value.is_set()) == (0, False)
    assert value.get() == 1


def test_none_is_a_value() -> None:
    value: "ContextValue[Optional[int]]" = ContextValue("test_context.none", default=1)
    value.set(None)
    assert (value.get(), value.get(2), value.is_set()) == (None, None, True)
