"""ContextValue: one typed value per context."""

from __future__ import annotations



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
