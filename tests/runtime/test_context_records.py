"""An error and a log record carry the fields of where they were made."""

from __future__ import annotations

import logging
import logging.handlers
import queue
from typing import Any, Iterator, List

import pytest

from outfall_runtime import context, install_logging


def test_an_error_carries_the_fields_of_where_it_was_raised() -> None:
    with pytest.raises(ZeroDivisionError) as caught, context.use(user="ada"), context.use(trace=1):
        _ = 1 // 0
    assert context.of(caught.value) == {"user": "ada", "trace": 1}
    assert context.of(ValueError()) == {}


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
