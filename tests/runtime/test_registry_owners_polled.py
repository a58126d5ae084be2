"""Owners that cannot tell of their end, threads of others and processes, are looked at until they have ended."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Tuple

import pytest

from outfall_runtime import Registry, owners

Made = Tuple[Any, Callable[[], object]]


def gone_within(table: Any, key: str, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while key in table and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return key not in table


def a_thread() -> Made:
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    return thread, release.set


def a_thread_that_starts_later() -> Made:
    thread = threading.Thread(target=int)
    return thread, thread.start


def a_process() -> Made:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    return process, lambda: process.communicate(b"\n")


def a_killed_process() -> Made:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def kill() -> None:
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        process.communicate()

    return process, kill


def a_worker_process() -> Made:
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(3600,))
    process.start()
    return process, process.terminate


def a_process_of_asyncio() -> Made:
    loop = asyncio.new_event_loop()
    start = asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=subprocess.PIPE)
    process = loop.run_until_complete(start)

    def end() -> None:
        loop.run_until_complete(process.communicate(b"\n"))
        loop.close()

    return process, end


MAKERS = [a_thread, a_thread_that_starts_later, a_process, a_killed_process, a_worker_process, a_process_of_asyncio]


@pytest.mark.parametrize("make", MAKERS)
def test_an_entry_goes_when_its_owner_has_ended(make: Callable[[], Made]) -> None:
    table: Registry[str, int] = Registry("test_registry_owners_polled.ends", {"stays": 0})
    owner, end = make()
    table.register("goes", 1, owner=owner)
    owners._poller._look()  # a living owner keeps its entry
    assert (table, table.stats()["owned"]) == ({"stays": 0, "goes": 1}, 1)
    end()
    assert gone_within(table, "goes")
    assert table == {"stays": 0}


def test_a_process_that_was_closed_is_no_owner_any_more_and_harms_no_other() -> None:
    class Closed:
        """As `multiprocessing.Process` after `close()`."""

        pid = 1
        closed = False

        @property
        def exitcode(self) -> None:
            if self.closed:
                raise ValueError("process object is closed")

    table: Registry[str, int] = Registry("test_registry_owners.closed")
    process, release = Closed(), threading.Event()
    thread = threading.Thread(target=release.wait, daemon=True)
    thread.start()
    table.register("process", 1, owner=process)
    table.register("thread", 2, owner=thread)
    process.closed = True
    assert gone_within(table, "process")
    release.set()
    thread.join()
    assert gone_within(table, "thread")
