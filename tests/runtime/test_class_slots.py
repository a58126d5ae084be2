"""Class slots: to every reader, shadower and patcher they are the plain class attribute they stand for."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

import pytest

from outfall_runtime import class_slot, slot_of
from outfall_runtime.class_slots import ClassSlot
from outfall_runtime.testing import isolated


class Plain:
    """What the slots below must behave like."""

    value: Any = 1


class Slotted:
    value: Any = class_slot("test_class_slots.Slotted.value", 1)


@pytest.fixture(params=["plain", "slotted"])
def owner(request: pytest.FixtureRequest) -> Any:
    """A fresh class with a plain attribute, and one with a slot: each test holds for both."""
    return type("Owner", (), {"value": class_slot("test_class_slots.Owner.value", 1) if request.param == "slotted" else 1})


def test_classes_subclasses_and_instances_read_the_value(owner: Any) -> None:
    sub = type("Sub", (owner,), {})
    assert (owner.value, owner().value, sub.value, sub().value, hasattr(owner, "value")) == (1, 1, 1, 1, True)


def test_all_see_a_change_of_the_class(owner: Any) -> None:
    instance, sub = owner(), type("Sub", (owner,), {})
    slot_of(owner, "value").value = 2
    assert (owner.value, instance.value, sub.value) == (2, 2, 2)
    assert slot_of(owner, "value").value == 2


def test_an_instance_shadows(owner: Any) -> None:
    shadowing, other = owner(), owner()
    shadowing.value = 5
    slot_of(owner, "value").value = 2
    assert (shadowing.value, other.value) == (5, 2)
    del shadowing.value
    assert shadowing.value == 2


def test_a_change_of_a_subclass_is_its_own(owner: Any) -> None:
    sub = type("Sub", (owner,), {})
    slot_of(sub, "value").value = 7
    slot_of(owner, "value").value = 2
    assert (owner.value, sub.value, sub().value) == (2, 7, 7)
    assert slot_of(sub, "value").update(lambda value: value + 1) == 8
    assert (owner.value, sub.value) == (2, 8)


def test_a_plain_assignment_is_seen_by_all_and_can_be_changed(owner: Any) -> None:
    owner.value = 3
    assert (owner.value, owner().value) == (3, 3)
    slot_of(owner, "value").value = 4
    assert owner.value == 4


def test_a_patch_is_taken_back_whatever_happened_meanwhile(owner: Any) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(owner, "value", 9)
        slot_of(owner, "value").value = 10
        assert owner.value == 10
    assert owner.value == 1


def test_deleting_takes_the_attribute_away(owner: Any) -> None:
    del slot_of(owner, "value").value
    assert not hasattr(owner, "value")
    with pytest.raises(AttributeError):
        del slot_of(owner, "value").value
    slot_of(owner, "value").value = 2
    assert owner.value == 2


def test_a_deleted_value_of_a_subclass_uncovers_the_inherited_one(owner: Any) -> None:
    sub = type("Sub", (owner,), {})
    slot_of(sub, "value").value = 7
    del slot_of(sub, "value").value
    assert sub.value == 1


def test_functions_are_methods_and_properties_are_properties(owner: Any) -> None:
    slot_of(owner, "value").value = lambda self: self
    instance = owner()
    assert instance.value() is instance
    slot_of(owner, "value").value = staticmethod(lambda: 5)
    assert (instance.value(), owner.value()) == (5, 5)
    slot_of(owner, "value").value = property(lambda self: 6)
    assert instance.value == 6
    with pytest.raises(AttributeError):
        instance.value = 7


def test_a_class_as_value_stays_that_class(owner: Any) -> None:
    slot_of(owner, "value").value = dict
    assert (owner.value, owner().value) == (dict, dict)


def test_what_is_no_class_is_given_the_attribute(owner: Any) -> None:
    instance = owner()
    slot_of(instance, "value").value = 2
    assert (instance.value, owner.value) == (2, 1)


def test_a_copied_class_shares_the_slot_until_it_has_its_own() -> None:
    twin: Any = type("Twin", (), dict(Slotted.__dict__))
    assert twin.value == Slotted.value


def test_only_the_slotted_class_holds_a_slot() -> None:
    assert not isinstance(Plain.__dict__["value"], ClassSlot)
    slot = Slotted.__dict__["value"]
    assert repr(slot) == "<ClassSlot test_class_slots.Slotted.value>"
    assert repr(slot_of(Slotted, "value")) == f"<ClassAttribute value of {Slotted!r}>"
    slot_of(Slotted, "value").value = 2
    assert Slotted.__dict__["value"] is slot
    slot_of(Slotted, "value").value = 1


def test_updates_of_many_threads_add_up() -> None:
    class Job:
        count = class_slot("test_class_slots.Job.count", 0)

    def work() -> None:
        for _ in range(500):
            slot_of(Job, "count").update(lambda value: value + 1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    run: List[Callable[[], None]] = [thread.start for thread in threads] + [thread.join for thread in threads]
    for step in run:
        step()
    assert Job.count == 4000


def test_isolation_gives_each_test_the_value_that_was_there() -> None:
    with isolated():
        slot_of(Slotted, "value").value = "of a test"
        assert Slotted.value == "of a test"
    assert Slotted.value == 1
