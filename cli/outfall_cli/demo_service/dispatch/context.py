"""Whose request is being handled: set when it begins, read wherever it matters.

Written when every request had a thread of its own.
"""

from __future__ import annotations

import threading

NOBODY = "-"

_request = threading.local()


def begin(user: str, trace: str) -> None:
    """From here on, this is the request that is being handled."""
    _request.user = user
    _request.trace = trace


def end() -> None:
    """The request is done."""
    _request.user = NOBODY
    _request.trace = NOBODY


def user() -> str:
    """The customer whose request is being handled, or `-`."""
    return getattr(_request, "user", NOBODY)


def trace() -> str:
    """The trace id of the request that is being handled, or `-`."""
    return getattr(_request, "trace", NOBODY)
