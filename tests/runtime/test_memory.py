"""Memory does not grow with the number of contexts, blocks or registrations."""

from __future__ import annotations

import contextvars
import gc
import sys
import tracemalloc
from typing import Any, Callable, List

import pytest

from outfall_runtime import ContextLocal, Registry, StagedContextLocal, context


def grown(work: Callable[[], None], rounds: int) -> int:
    """Bytes by which the second half of the rounds grew the heap."""
    for _ in range(rounds // 2):
        work()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(rounds // 2):
            work()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def instance_local() -> None:
    local = ContextLocal("test_faults.instance", "user")
    local.user = "ada"


SHARED: Any = ContextLocal("test_faults.shared", "user")
STAGED: Any = StagedContextLocal("test_faults.staged", "user")
TABLE: Registry[str, object] = Registry("test_faults.steady")


def one_request() -> None:
    def handle() -> None:
        with context.use(request=object()):
            SHARED.user = object()
            STAGED.user = object()
            context.bind(trace=1)

    contextvars.copy_context().run(handle)


def one_block_left_open() -> None:
    context.use(request=object()).__enter__()


def one_registration() -> None:
    owner = ContextLocal  # any object with weak references
    TABLE.register("key", object(), owner=owner)
    TABLE.unregister("key")


@pytest.mark.parametrize(
    ("work", "rounds"), [(one_request, 20_000), (one_registration, 20_000), (instance_local, 4000)]
)
def test_memory_is_flat(work: Callable[[], None], rounds: int) -> None:
    assert grown(work, rounds) < 60_000


def blocks_after(work: Callable[[], None], rounds: int) -> int:
    """By how many blocks of memory the rounds grow the heap, once warm."""
    for _ in range(2_000):
        work()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(rounds):
        work()
    gc.collect()
    return sys.getallocatedblocks() - before


def test_a_million_contexts_need_the_memory_of_one() -> None:
    assert blocks_after(one_request, 1_000_000) < 500


def test_the_check_of_a_million_contexts_can_fail() -> None:
    kept: List[contextvars.Context] = []

    def one_context_kept() -> None:
        kept.append(contextvars.copy_context())

    assert blocks_after(one_context_kept, 2_000) > 500


def test_the_check_for_flat_memory_can_fail() -> None:
    assert grown(one_block_left_open, 2000) > 60_000
