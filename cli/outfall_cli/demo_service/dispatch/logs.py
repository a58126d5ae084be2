"""Log lines that say whose request they belong to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from . import context

FORMAT = "%(levelname)-7s %(trace)s %(user)s %(message)s"


class RequestFormatter(logging.Formatter):
    """Puts the trace id and the customer of the current request into every line."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        record.trace = context.trace()
        record.user = context.user()
        return super().format(record)


@contextmanager
def logging_to(handler: logging.Handler) -> Iterator[logging.Handler]:
    """Within the block, the service's log goes to the handler, formatted as above."""
    logger = logging.getLogger("dispatch")
    level = logger.level
    handler.setFormatter(RequestFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
