"""Puts the context's fields into every log record.

    uninstall = install_logging(field="error_context")

Hazard: the record factory of `logging` is one per process, and other libraries chain theirs in
front of ours. Ours can therefore not always be taken out again; when it cannot, it goes quiet and
passes records through.
"""

from __future__ import annotations

from typing import Any, Callable

from . import context

__all__ = ["install_logging"]


def install_logging(field: str = "error_context") -> Callable[[], None]:
    """Give every log record an attribute with the fields that held where it was made.

    The value is a plain dict made at once, so it is right behind a `QueueHandler` and can be
    pickled if the fields can. Do not pass the same name in `extra`: `logging` refuses to overwrite.

    Args:
        field: the attribute's name; a formatter shows it as `%(error_context)s`.

    Returns:
        A function that takes it out again.
    """
    import logging

    inner = logging.getLogRecordFactory()
    active = [True]

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = inner(*args, **kwargs)
        if active:
            setattr(record, field, dict(context.current()))
        return record

    def uninstall() -> None:
        active.clear()
        if logging.getLogRecordFactory() is factory:
            logging.setLogRecordFactory(inner)

    logging.setLogRecordFactory(factory)
    return uninstall
