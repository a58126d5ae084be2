"""The laws of stages: forward raises and never lowers, back lowers and never raises."""

from __future__ import annotations

from typing import Dict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall_runtime._rollout import stages
from outfall_runtime._common.modes import DEFAULT, MODES, Setting, parse_setting
from outfall_runtime.errors import InvalidSetting

FLAGS = ("use_registry", "use_context", "use_spans", "use_events", "enforce", "monitor", "use_search")
NAMES = [*FLAGS, "use_registry:app.a", "use_context:app.b"]
SETTINGS = st.sampled_from([*map(Setting, MODES), Setting("shadow", 0.0), Setting("shadow", 40.0)])
STATES = st.dictionaries(st.sampled_from(NAMES), SETTINGS)
POSITIONS = st.sampled_from(stages.ORDER)
STAGES = st.sampled_from(stages.ORDER[1:])


def settings(**values: str) -> Dict[str, Setting]:
    return {name: parse_setting(value) for name, value in values.items()}


def in_force(found: Dict[str, Setting], flag: str) -> Setting:
    """What a flag is, its group included."""
    return found.get(flag, found.get(flag.partition(":")[0], DEFAULT))


@given(STATES, STAGES)
def test_going_back_never_switches_anything_on(found: Dict[str, Setting], stage: str) -> None:
    back = stages.rolled_back(stage, found)
    assert [flag for flag in back if stages.lower(in_force(found, flag), in_force(back, flag))] == []


@given(STATES, STAGES)
def test_going_back_twice_is_going_back_once(found: Dict[str, Setting], stage: str) -> None:
    back = stages.rolled_back(stage, found)
    assert stages.rolled_back(stage, back) == back


@given(STATES, STAGES)
def test_after_going_back_nothing_of_the_stage_is_left(found: Dict[str, Setting], stage: str) -> None:
    back = stages.rolled_back(stage, found)
    wanted = stages.expected(stages.before(stage))
    for later in stages.STAGES[stages.ORDER.index(stage) - 1 :]:
        for flag in (*later.groups, *later.besides):
            assert not stages.lower(wanted.get(flag, DEFAULT), back[flag])


@given(STATES, STAGES)
def test_other_flags_stay_what_they_are(found: Dict[str, Setting], stage: str) -> None:
    back = stages.rolled_back(stage, found)
    assert back.get("use_search") == found.get("use_search")
    assert stages.applied(stage, found).get("use_search") == found.get("use_search")


@given(STATES, POSITIONS)
def test_going_on_never_lowers_and_leaves_nothing_short(found: Dict[str, Setting], position: str) -> None:
    on = stages.applied(position, found)
    assert [flag for flag in on if stages.lower(on[flag], found.get(flag, DEFAULT))] == []
    assert stages.short_of(position, on) == []


@given(POSITIONS)
def test_nobody_skips_a_stage(position: str) -> None:
    wanted = stages.expected(position)
    one_on = stages.after(position)
    if one_on is not None:
        higher = {flag for flag, least in stages.expected(one_on.name).items() if least != wanted.get(flag, DEFAULT)}
        assert higher == {*one_on.groups, *one_on.besides}


@pytest.mark.parametrize(
    ("stage", "registry", "context"),
    [("5", "new", "new"), ("4b", "new", "new"), ("3", "new", "legacy"), ("2", "legacy", "legacy")],
)
def test_a_selective_rollback_from_the_last_stage(stage: str, registry: str, context: str) -> None:
    full = stages.applied("5", {})
    back = stages.rolled_back(stage, full)
    assert (str(back["use_registry"]), str(back["use_context"]), str(back["enforce"])) == (registry, context, "legacy")


def test_what_never_was_on_stays_off() -> None:
    assert {str(one) for one in stages.rolled_back("2", {}).values()} == {"legacy"}
    assert str(stages.rolled_back("5", settings(use_context="shadow"))["use_context"]) == "shadow"


def test_a_state_held_back_is_named_and_kept() -> None:
    found = {**stages.applied("2", {}), "use_registry:app.a": Setting("shadow"), "use_registry:app.b": Setting("new")}
    assert stages.held_back("2", found) == ["use_registry:app.a"]
    assert stages.applied("2", found)["use_registry:app.a"] == Setting("shadow")


@pytest.mark.parametrize(("word", "nearest"), [("4", "4a"), ("contxt", "context"), ("6", "there are 1")])
def test_a_stage_that_there_is_not(word: str, nearest: str) -> None:
    with pytest.raises(InvalidSetting, match=nearest):
        stages.named(word)
