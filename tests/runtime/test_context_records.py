"""An error and a log record carry the fields of where they were made."""

from __future__ import annotations

import asyncio
import copy
import logging
import logging.handlers
import pickle
import queue
from typing import Any, Callable, Iterator, List

import pytest

from outfall_runtime import context, install_logging


def test_an_error_carries_the_fields_of_where_it_was_raised() -> None:
    with pytest.raises(ZeroDivisionError) as caught, context.use(user="ada"), context.use(trace=1):
        _ = 1 // 0
    assert context.of(caught.value) == {"user": "ada", "trace": 1}
    assert context.of(ValueError()) == {}


def test_an_error_carries_the_innermost_fields_through_tasks_and_threads() -> None:
    def fail() -> None:
        with context.use(trace=1):
            raise ZeroDivisionError

    async def main() -> None:
        with context.use(user="ada"):
            await asyncio.ensure_future(asyncio.get_running_loop().run_in_executor(None, context.wrap(fail)))

    with pytest.raises(ZeroDivisionError) as caught, context.use(user="bob"):
        asyncio.run(main())
    assert context.of(caught.value) == {"user": "ada", "trace": 1}


@pytest.mark.parametrize(
    ("copier", "expected"),
    [
        (lambda error: pickle.loads(pickle.dumps(error)), {}),
        (copy.copy, {"request": "unpicklable"}),
        (copy.deepcopy, {"request": "unpicklable"}),
    ],
)
def test_an_error_can_be_copied_and_sent_whatever_its_fields_are(copier: Callable[[Any], Any], expected: Any) -> None:
    class Unpicklable(str):
        def __reduce_ex__(self, protocol: Any) -> Any:
            raise TypeError

    with pytest.raises(ValueError) as caught, context.use(request=Unpicklable("unpicklable")):
        raise ValueError(3)
    arrived = copier(caught.value)
    assert (repr(arrived), context.of(arrived)) == ("ValueError(3)", expected)


def test_an_error_that_takes_no_attributes_passes_unchanged() -> None:
    class Closed(Exception):
        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(name)

    with pytest.raises(Closed) as caught, context.use(user="ada"):
        raise Closed
    assert context.of(caught.value) == {}


@pytest.fixture
def records() -> Iterator[List[logging.LogRecord]]:
    kept: List[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = kept.append  # type: ignore[method-assign]
    logger = logging.getLogger("test_context")
    logger.addHandler(handler)
    yield kept
    logger.removeHandler(handler)


def test_every_record_has_the_fields_of_its_place(records: List[logging.LogRecord]) -> None:
    uninstall = install_logging()
    logger = logging.getLogger("test_context")
    with context.use(user="ada"):
        logger.warning("inside")
    logger.warning("outside")
    uninstall()
    logger.warning("after")
    assert [getattr(record, "error_context", None) for record in records] == [{"user": "ada"}, {}, None]


def test_records_behind_a_queue_have_the_fields_of_their_origin(records: List[logging.LogRecord]) -> None:
    uninstall = install_logging("fields")
    passing: "queue.Queue[Any]" = queue.Queue()
    sender = logging.getLogger("test_context.sender")
    handler = logging.handlers.QueueHandler(passing)
    sender.addHandler(handler)
    sender.propagate = False
    listener = logging.handlers.QueueListener(passing, *logging.getLogger("test_context").handlers)
    listener.start()
    with context.use(user="ada"):
        sender.warning("queued")
    listener.stop()
    sender.removeHandler(handler)
    uninstall()
    assert [getattr(record, "fields") for record in records] == [{"user": "ada"}]


def test_a_factory_chained_in_front_of_ours_survives_the_uninstall(records: List[logging.LogRecord]) -> None:
    original = logging.getLogRecordFactory()
    uninstall = install_logging()
    ours = logging.getLogRecordFactory()

    def theirs(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = ours(*args, **kwargs)
        record.theirs = True
        return record

    logging.setLogRecordFactory(theirs)
    try:
        uninstall()
        logging.getLogger("test_context").warning("x")
        assert (records[0].theirs, hasattr(records[0], "error_context")) == (True, False)  # type: ignore[attr-defined]
    finally:
        logging.setLogRecordFactory(original)
