"""Tells operators what went wrong inside the runtime, without loading `logging` at import."""

from __future__ import annotations

LOGGER = "outfall_runtime"


def warn(message: str, *, error: bool = False) -> None:
    """Log one line to the logger `outfall_runtime`; with `error`, add the exception being handled."""
    import logging

    logging.getLogger(LOGGER).warning(message, exc_info=error)
