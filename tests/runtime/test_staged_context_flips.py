"""A value is read the way it was written, whoever else writes, deletes or flips meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import weakref
from typing import Any, Callable, Dict, Iterator, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall_runtime import LegacyStateError, StagedContextLocal, StagedListRegistry, StagedRegistry, flags
from outfall_runtime._contexts.protocol import MOST_PROPERTIES
from outfall_runtime._common.states import StateRecord, book

NAMES = (f"test_staged_context_flips.state{number}" for number in itertools.count())


@pytest.fixture
def local() -> Any:
    return StagedContextLocal(next(NAMES), "user", "trace")


class Work:
    """A task that runs what it is given, one function after the other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.next = loop.create_future()
        self.task = loop.create_task(self._serve())

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        done = self.loop.create_future()
        self.next.set_result((function, args, done))
        return self.loop.run_until_complete(done)

    async def _serve(self) -> None:
        while True:
            function, args, done = await self.next
            self.next = self.loop.create_future()
            done.set_result(function(*args))


@pytest.fixture
def works() -> Iterator[List[Work]]:
    """Three tasks that take turns on this thread."""
    loop = asyncio.new_event_loop()
    tasks = [Work(loop) for _ in range(3)]
    yield tasks
    for work in tasks:
        work.task.cancel()
    loop.run_until_complete(asyncio.gather(*(work.task for work in tasks), return_exceptions=True))
    loop.close()


def record(local: Any) -> StateRecord:
    found = book.get(local._outfall_store.name)
    assert found is not None
    return found


def user(local: Any) -> Any:
    return getattr(local, "user", None)


def test_what_was_written_the_old_way_survives_someone_elses_write_the_new_way(local: Any, works: Any) -> None:
    mine, other, _ = works
    mine.run(setattr, local, "user", "mine")
    flags.set("use_context", "new")
    other.run(setattr, local, "user", "other")
    assert (mine.run(user, local), other.run(user, local), user(local)) == ("mine", "other", None)


def test_what_was_written_the_old_way_stays_on_its_thread(
    local: Any, in_thread: Callable[[Callable[[], Any]], Any]
) -> None:
    mine, other = contextvars.copy_context(), contextvars.copy_context()
    mine.run(setattr, local, "user", "mine")
    flags.set("use_context", "new")

    def on_a_worker() -> Any:
        other.run(setattr, local, "user", "other")
        return mine.run(user, local)

    assert in_thread(on_a_worker) is None


@pytest.mark.parametrize("before", ["legacy", "shadow"])
def test_what_anybody_deletes_the_old_way_is_gone_for_all(local: Any, works: Any, before: str) -> None:
    flags.set("use_context", before)
    mine, other, _ = works
    mine.run(setattr, local, "user", "mine")
    other.run(delattr, local, "user")
    assert mine.run(user, local) is None
    assert record(local).bleed.total() == (1 if before == "shadow" else 0)
    assert (record(local).inherited.total(), record(local).lost.total()) == (0, 0)


@pytest.mark.parametrize("rollback", ["legacy", "shadow"])
def test_what_was_written_the_new_way_is_nobody_elses_after_a_rollback(local: Any, works: Any, rollback: str) -> None:
    flags.set("use_context", "new")
    mine, other, _ = works
    mine.run(setattr, local, "user", "mine")
    flags.set("use_context", rollback)
    assert (mine.run(user, local), other.run(user, local), user(local)) == ("mine", None, None)


def test_deleting_what_was_written_the_new_way_leaves_what_another_wrote_the_old_way(local: Any, works: Any) -> None:
    mine, other, third = works
    flags.set("use_context", "new")
    mine.run(setattr, local, "user", "mine")
    flags.set("use_context", "legacy")
    other.run(setattr, local, "user", "other")
    mine.run(delattr, local, "user")
    assert (other.run(user, local), third.run(user, local)) == ("other", "other")


def test_deleting_what_was_written_the_old_way_leaves_what_another_wrote(local: Any, works: Any) -> None:
    mine, other, third = works
    mine.run(setattr, local, "user", "mine")
    other.run(setattr, local, "user", "other")
    flags.set("use_context", "new")
    third.run(setattr, local, "user", "third")
    mine.run(delattr, local, "user")
    assert [work.run(user, local) for work in works] == [None, "other", "third"]


@pytest.mark.parametrize("before", flags.MODES)
@pytest.mark.parametrize("after", flags.MODES)
def test_its_dict_has_what_its_attributes_have(local: Any, before: str, after: str) -> None:
    flags.set("use_context", before)
    local.user = "ada"
    flags.set("use_context", after)
    assert (local.__dict__, vars(local), dir(local).count("user")) == ({"user": "ada"}, {"user": "ada"}, 1)


def test_enforced_keeps_no_value_for_the_old_way(local: Any) -> None:
    flags.set("use_context", "enforced")

    class Value:
        pass

    value = Value()
    dead = weakref.ref(value)
    contextvars.copy_context().run(setattr, local, "user", value)
    del value
    gc.collect()
    assert dead() is None


def test_enforced_raises_where_what_is_deleted_is_really_lost(local: Any) -> None:
    flags.set("use_context", "enforced")
    contextvars.copy_context().run(setattr, local, "user", "ada")
    with pytest.raises(LegacyStateError):
        del local.user


def test_a_state_that_is_made_under_pinned_flags_is_pinned_too() -> None:
    flags.set("use_context", "new")
    with flags.pinned():
        flags.set("use_context", "legacy")
        local: Any = StagedContextLocal(next(NAMES), "user")
        local.user = "ada"
    assert record(local).writes["new"].total() == 1


def test_a_subclass_whose_values_were_written_the_old_way_is_not_initialised_again() -> None:
    class Request(StagedContextLocal, name=next(NAMES)):
        def __init__(self, user: str) -> None:
            self.user = user

    request: Any = Request("ada")
    request.user = "bob"
    flags.set("use_context", "new")
    assert contextvars.Context().run(user, request) == "bob"
    assert request.user == "bob"


MAKERS: Dict[str, Callable[[str], Any]] = {
    "context": lambda name: StagedContextLocal(name, "user"),
    "registry": lambda name: StagedRegistry(name),
    "registry of another kind": lambda name: StagedListRegistry(name),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_flip_that_overtakes_another_wins(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`new` is set and applied while the application of `shadow` is under way."""
    name, group = next(NAMES), f"use_{kind.split()[0]}"
    state = MAKERS[kind](name)
    enter = StateRecord.enter

    def overtaken(self: StateRecord, mode: str) -> None:
        monkeypatch.undo()
        flags.set(group, "new")
        enter(self, mode)

    monkeypatch.setattr(StateRecord, "enter", overtaken)
    flags.set(group, "shadow")
    found = book.get(name)
    assert found is not None
    assert (found.mode, flags.mode(group)) == ("new", "new")
    del state


def test_what_was_written_under_enforcement_is_not_lost_afterwards() -> None:
    """Of attributes that nobody declared and that are many, too."""
    local: Any = StagedContextLocal(next(NAMES))
    names = [f"name{number}" for number in range(MOST_PROPERTIES + 2)]
    flags.set("use_context", "enforced")
    for name in names:
        setattr(local, name, name)
    flags.set("use_context", "shadow")
    assert [getattr(local, name) for name in names] == names
    assert (record(local).lost.total(), record(local).bleed.total()) == (0, 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), st.sampled_from(flags.MODES)),
        st.tuples(st.sampled_from(["write", "delete", "read"]), st.sampled_from(["user", "other"])),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_one_unit_of_work_never_notices_a_flip(steps: Any) -> None:
    """Alone on its thread, it reads what it wrote, through any number of flips in any order."""
    local: Any = StagedContextLocal(next(NAMES), "user")
    expected: Dict[str, int] = {}
    for number, (step, what) in enumerate(steps):
        if step == "flip":
            flags.set("use_context", what)
        elif step == "write":
            setattr(local, what, number)
            expected[what] = number
        elif step == "delete":
            had = what in expected
            expected.pop(what, None)
            try:
                delattr(local, what)
            except AttributeError:
                assert not had
            else:
                assert had
        assert local.__dict__ == expected
        assert getattr(local, "user", None) == expected.get("user")
    assert (record(local).lost.total(), record(local).bleed.total()) == (0, 0)
