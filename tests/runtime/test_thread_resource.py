"""ThreadResource: one per thread, closed by its thread."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, List

import pytest

from outfall_runtime import ThreadResource


class Connection:
    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.closed_by: List[int] = []

    def close(self) -> None:
        self.closed_by.append(threading.get_ident())


@pytest.fixture
def connections() -> "ThreadResource[Connection]":
    return ThreadResource("test_thread_resource.connections", Connection, close=Connection.close)


def test_every_thread_has_one_of_its_own(connections: "ThreadResource[Connection]", in_thread: Any) -> None:
    mine = connections.get()
    other = in_thread(lambda: (connections.get(), connections.get()))
    assert connections.get() is mine
    assert other[0] is other[1] is not mine


def test_it_stays_with_its_thread_in_tasks(connections: "ThreadResource[Connection]") -> None:
    async def task() -> Connection:
        return connections.get()

    async def main() -> List[Connection]:
        return await asyncio.gather(task(), task())

    first, second = asyncio.run(main())
    assert first is second is connections.get()


def test_it_is_closed_by_its_thread_when_that_ends(connections: "ThreadResource[Connection]", in_thread: Any) -> None:
    connection = in_thread(connections.get)
    assert connection.closed_by == [connection.thread]
    assert connections.stats() == {"opened": 1, "closed": 1, "open": 0}


def test_it_is_closed_once_and_opened_again(connections: "ThreadResource[Connection]") -> None:
    first = connections.get()
    connections.close()
    connections.close()
    second = connections.get()
    assert (len(first.closed_by), second.closed_by, second is first) == (1, [], False)
    assert connections.stats() == {"opened": 2, "closed": 1, "open": 1}


def test_a_failing_close_is_reported(in_thread: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fail(connection: Connection) -> None:
        raise OSError("line cut")

    resource = ThreadResource("test_thread_resource.failing", Connection, close=fail)
    in_thread(resource.get)
    assert "closing a resource of test_thread_resource.failing failed" in caplog.text


def test_a_failing_open_leaves_nothing() -> None:
    resource: "ThreadResource[float]" = ThreadResource("test_thread_resource.open", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        resource.get()
    assert resource.stats() == {"opened": 0, "closed": 0, "open": 0}


def test_a_close_at_the_end_of_a_thread_leaves_no_dummy_thread_behind() -> None:
    seen: List[str] = []

    def close(connection: Connection) -> None:
        seen.append(threading.current_thread().name)
        raise OSError

    resource = ThreadResource("test_thread_resource.last", Connection, close=close)
    before = set(threading.enumerate())
    thread = threading.Thread(target=resource.get, name="worker")
    thread.start()
    thread.join()
    for _ in range(1000):
        if seen:
            break
        threading.Event().wait(0.01)
    assert (seen, set(threading.enumerate()) - before) == (["worker"], set())
