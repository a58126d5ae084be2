"""Calls anybody's functions so that none of them harms another or the work that they are told of.

Hazard: whatever a listener raises must not stop the next one. But on the main thread
`KeyboardInterrupt` and `SystemExit` may come from a signal that happened to arrive meanwhile: there
they go on, after all have been called.
"""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Sequence

    Listener = Callable[[Any], object]


INTERRUPTIONS = (KeyboardInterrupt, SystemExit)


def call_each(listeners: Sequence[Listener], argument: object, failed: Callable[[int], None]) -> None:
    """Call every listener; for one that raises, `failed(its place)` while the exception is being handled."""
    interruption: Optional[BaseException] = None
    for place, listener in enumerate(listeners):
        try:
            listener(argument)
        except BaseException as error:
            failed(place)
            if isinstance(error, INTERRUPTIONS):
                interruption = error
    go_on(interruption)


def go_on(error: Optional[BaseException]) -> None:
    """Raise what has to go on after all have been called."""
    if isinstance(error, INTERRUPTIONS) and threading.current_thread() is threading.main_thread():
        raise error
