"""Fixtures that run functions in threads: one, several at once, several step by step."""

from __future__ import annotations

import sys
import threading
from functools import partial
from typing import Any, Callable, Iterator, List, Sequence

import pytest

RunAll = Callable[[List[Callable[[], Any]]], None]


@pytest.fixture
def in_thread() -> Callable[[Callable[[], Any]], Any]:
    """Run a function in a plain thread and return its result."""

    def run(function: Callable[[], Any]) -> Any:
        results: List[Any] = []
        thread = threading.Thread(target=lambda: results.append(function()))
        thread.start()
        thread.join(30)
        assert results, "the thread failed or did not end"
        return results[0]

    return run


@pytest.fixture
def run_all() -> RunAll:
    """Run functions in one thread each, all at once."""

    def run(work: List[Callable[[], Any]]) -> None:
        threads = [threading.Thread(target=one) for one in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)

    return run


@pytest.fixture
def race(run_all: RunAll) -> Callable[..., None]:
    """Run functions at once, in one thread each; what one of them raises fails the test.

    Each function is called `rounds` times; for as long as any of them goes on, those `beside` are called again and again.
    """

    def run(*works: Callable[[], Any], rounds: int = 1, beside: Sequence[Callable[[], Any]] = ()) -> None:
        start, left = threading.Barrier(len(works) + len(beside)), [None] * len(works)
        errors: List[Exception] = []

        def repeat(work: Callable[[], Any]) -> None:
            start.wait()
            try:
                for _ in range(rounds):
                    work()
            except Exception as error:
                errors.append(error)
            finally:
                left.pop()

        def accompany(work: Callable[[], Any]) -> None:
            start.wait()
            while left:
                work()

        run_all([*(lambda one=one: repeat(one) for one in works), *(lambda one=one: accompany(one) for one in beside)])
        if errors:
            raise errors[0]

    return run


@pytest.fixture
def eager_switching() -> Iterator[None]:
    """Let threads interrupt each other a thousand times more often than usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def in_step(eager_switching: None, run_all: RunAll) -> Callable[..., None]:
    """Run `work(thread, round)` in some threads, round by round, each at the same instant; alone before each, `before(round)`."""

    def run(
        threads: int, rounds: int, work: Callable[[int, int], object], before: Callable[[int], object] = lambda number: None
    ) -> None:
        barrier = threading.Barrier(threads)
        arrived: List[int] = []
        failures: List[BaseException] = []

        def steps(me: int) -> None:
            try:
                for number in range(rounds):
                    if barrier.wait(30) == 0:
                        before(number)
                    barrier.wait(30)
                    arrived.append(me)
                    for _ in range(2_000):  # a barrier lets them go one after the other
                        if len(arrived) == threads * (number + 1):
                            break
                    work(me, number)
            except threading.BrokenBarrierError:  # another one failed
                pass
            except BaseException as error:
                failures.append(error)
                barrier.abort()

        run_all([partial(steps, me) for me in range(threads)])
        if failures:
            raise failures[0]

    return run
