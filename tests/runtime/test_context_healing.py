"""Blocks that end late, out of order, elsewhere or never: nothing leaks and nothing comes back."""

from __future__ import annotations

import asyncio
import contextvars
import gc
from typing import Any, AsyncIterator, Callable, Dict, Iterator, List, Optional, Tuple

from hypothesis import given, settings
from hypothesis import strategies as st

from outfall_runtime import ContextValue, context


def fields() -> Any:
    return dict(context.current())


def holding(**values: Any) -> Iterator[None]:
    with context.use(**values):
        yield


def test_an_abandoned_generator_leaves_nothing() -> None:
    generator = holding(user="ada")
    next(generator)
    del generator
    gc.collect()
    assert fields() == {}


def test_interleaved_generators_neither_leak_nor_resurrect() -> None:
    first, second = holding(user="first"), holding(trace="second")
    next(first)
    next(second)
    first.close()  # type: ignore[attr-defined]
    assert fields() == {"trace": "second"}
    second.close()  # type: ignore[attr-defined]
    assert fields() == {}


def test_a_block_closed_late_does_not_bring_back_what_was_there_before() -> None:
    with context.use(user="ada"):
        generator = holding(trace=1)
        next(generator)
    assert fields() == {"trace": 1}
    generator.close()  # type: ignore[attr-defined]
    assert fields() == {}


def test_a_block_closed_in_another_context_is_closed_everywhere() -> None:
    block = context.use(user="ada")
    copied = contextvars.copy_context()
    copied.run(block.__enter__)
    inner = copied.run(contextvars.copy_context)
    contextvars.copy_context().run(block.__exit__, None, None, None)
    later = copied.run(contextvars.copy_context)
    assert [one.run(fields) for one in (copied, inner, later)] == [{}, {}, {}]


def test_a_copy_keeps_a_block_that_was_closed_where_it_was_entered_in_whatever_order() -> None:
    first, second = context.use(user="ada"), context.use(trace=1)
    first.__enter__()
    second.__enter__()
    carried = contextvars.copy_context()
    first.__exit__(None, None, None)
    assert (carried.run(fields), fields()) == ({"user": "ada", "trace": 1}, {"trace": 1})
    second.__exit__(None, None, None)
    assert (carried.run(fields), fields()) == ({"user": "ada", "trace": 1}, {})


def copied_back(work: Callable[[], Any]) -> Any:
    """Run in a copy of the context and write back what it set, as asgiref does around threads."""
    copied = contextvars.copy_context()
    result = copied.run(work)
    for variable in copied:
        if contextvars.copy_context().get(variable) is not copied[variable]:
            variable.set(copied[variable])
    return result


def test_a_block_may_be_entered_and_closed_through_copies_that_are_written_back() -> None:
    with context.use(trace=1):
        block = context.use(user="ada")
        copied_back(block.__enter__)
        inside = fields()
        copied_back(lambda: block.__exit__(None, None, None))
        assert (inside, fields()) == ({"trace": 1, "user": "ada"}, {"trace": 1})
    assert fields() == {}


def test_a_rolling_window_of_interleaved_blocks_keeps_the_chain_short() -> None:
    blocks = [context.use(number=-1)]
    blocks[0].__enter__()
    for number in range(1000):
        blocks.append(context.use(number=number))
        blocks[-1].__enter__()
        blocks.pop(0).__exit__(None, None, None)
    length, node = 0, context._top.get()
    while node is not None:
        length, node = length + 1, node.parent
    assert length < 5
    assert fields() == {"number": 999}
    blocks.pop().__exit__(None, None, None)
    assert fields() == {}


def test_blocks_that_end_below_one_that_stays_open_leave_the_chain() -> None:
    blocks = [context.use(number=number) for number in range(50)]
    for block in blocks:
        block.__enter__()
    for block in blocks[:-1]:
        block.__exit__(None, None, None)
    top = context._top.get()
    assert top is not None
    assert (top.parent, fields()) == (None, {"number": 49})
    blocks[-1].__exit__(None, None, None)
    assert fields() == {}


def test_an_abandoned_async_generator_leaves_nothing() -> None:
    async def rows() -> AsyncIterator[int]:
        with context.use(user="ada"):
            yield 1
            yield 2

    async def main() -> Any:
        async for _ in rows():
            break
        gc.collect()
        await asyncio.sleep(0.01)
        return fields()

    assert asyncio.run(main()) == {}


def test_a_job_that_starts_its_successor_inside_its_block_keeps_the_chain_short() -> None:
    """Each inherits the block of the one before; what is over is one node, whoever it came from."""
    current = contextvars.copy_context()

    def job(number: int) -> contextvars.Context:
        with context.use(number=number, **{f"of{number % 3}": number}):
            return contextvars.copy_context()

    for number in range(300):
        current = current.run(job, number)
    length, node = 0, current.run(context._top.get)
    while node is not None:
        length, node = length + 1, node.parent
    assert length < 5
    assert current.run(fields) == {"number": 299, "of0": 297, "of1": 298, "of2": 299}


WORDS = ("enter", "enter", "exit", "exit", "bind", "copy")
STEPS = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 99), st.integers(0, 99)), max_size=40)


class Model:
    """What blocks mean: a context has those that it entered until they end, and those it was copied with for good.

    A block that is ended elsewhere than it was entered is over everywhere.
    """

    def __init__(self) -> None:
        self.contexts: List[List[Tuple[Optional[int], Dict[str, int]]]] = [[]]
        self.entered_in: Dict[int, int] = {}

    def enter(self, here: int, block: int, values: Dict[str, int]) -> None:
        self.contexts[here].append((block, values))
        self.entered_in[block] = here

    def exit(self, here: int, block: int) -> None:
        everywhere = range(len(self.contexts))
        for one in [here] if here == self.entered_in[block] else everywhere:
            self.contexts[one] = [entry for entry in self.contexts[one] if entry[0] != block]

    def bind(self, here: int, values: Dict[str, int]) -> None:
        entries = self.contexts[here]
        block, before = entries.pop() if entries else (None, {})
        entries.append((block, {**before, **values}))

    def read(self, here: int) -> Dict[str, int]:
        return {name: value for _, values in self.contexts[here] for name, value in values.items()}


@settings(max_examples=200, deadline=None)
@given(steps=STEPS)
def test_blocks_mean_the_same_in_whatever_order_and_context_they_end(steps: List[Tuple[str, int, int]]) -> None:
    model, contexts = Model(), [contextvars.copy_context()]
    value = ContextValue("test_context_healing.law", default=-1)
    blocks: Dict[int, Any] = {}
    for number, (step, which, other) in enumerate(steps):
        here = which % len(contexts)
        run = contexts[here].run
        values = {f"f{other % 3}": number, "newest": number}
        if step == "enter":
            blocks[number] = context.use(**values), value.use(number)
            for block in blocks[number]:
                run(block.__enter__)
            model.enter(here, number, values)
        elif step == "exit" and blocks:
            ended = sorted(blocks)[other % len(blocks)]
            for block in blocks.pop(ended):
                run(block.__exit__, None, None, None)
            model.exit(here, ended)
        elif step == "bind":
            run(lambda values=values: context.bind(**values))
            run(value.set, number)
            model.bind(here, values)
        elif step == "copy" and len(contexts) < 6:
            contexts.append(run(contextvars.copy_context))
            model.contexts.append(list(model.contexts[here]))
        for place, one in enumerate(contexts):
            expected = model.read(place)
            assert (one.run(fields), one.run(value.get)) == (expected, expected.get("newest", -1))
