"""Threads that work in the context of whoever gave them the work.

Hazard: a worker outlives the work that started it. The context is therefore copied at each submit
and never kept by the worker.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Callable, Optional, TypeVar

from ._contexts.variables import own_context

Result = TypeVar("Result")


class ContextExecutor(ThreadPoolExecutor):
    """A `ThreadPoolExecutor` whose work runs in a copy of the submitter's context."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        return super().submit(partial(own_context().run, fn), *args, **kwargs)


async def run_in_executor(
    executor: Optional[Executor], function: Callable[..., Result], *args: Any, **kwargs: Any
) -> Result:
    """`loop.run_in_executor` with the context carried along; `None` is the loop's own executor.

    Like `asyncio.to_thread`, for any thread executor. Processes cannot share a context.
    """
    from asyncio import get_running_loop

    run = partial(own_context().run, function, *args, **kwargs)
    return await get_running_loop().run_in_executor(executor, run)
