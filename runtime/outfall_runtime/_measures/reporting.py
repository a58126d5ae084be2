"""Writes this process's evidence now and then, so that one that is killed has reported all the same.

Hazard: threads do not survive a fork, and a thread started at import surprises everybody. So the
thread starts with the first staged state, only where a folder for evidence is configured, and
again in a forked child. A process may be killed soon after its start, so the first reports follow each
other quickly. A folder that cannot be written is reported once and tried again.
"""

from __future__ import annotations

import os
import threading

from .._common import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional

SECONDS_VARIABLE = "OUTFALL_METRICS_SECONDS"
SECONDS = 60.0  # between two snapshots
FIRST = 1.0  # before the first; then twice as long each time, until it is the other
LEAST = 0.01


def seconds() -> float:
    """How long to wait between two snapshots."""
    text = os.environ.get(SECONDS_VARIABLE, "")
    try:
        return max(float(text or SECONDS), LEAST)
    except ValueError:
        report.warn(f"{SECONDS_VARIABLE}: {text!r} is no number of seconds; taking {SECONDS:g}")
        return SECONDS


class Reporter:
    """A daemon thread that calls `write` again and again."""

    def __init__(self, write: Callable[[], object], then: Callable[[], object] = lambda: None) -> None:
        self.idle = True  # nobody has asked for reports yet
        self._write = write
        self._then = then
        self._problem = ""
        self._starting = threading.RLock()  # a finalizer may have something to report, too
        self._stop = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def begin(self, wanted: bool) -> None:
        """Somebody has something to report; start where it is wanted."""
        self.idle = False
        if wanted:
            self.start()

    def start(self) -> None:
        """Begin, unless it is at work already."""
        with self._starting:
            if self._thread is None:
                self._run()

    def stop(self) -> None:
        """End the thread and wait for it, but not for a folder that does not answer."""
        with self._starting:
            thread, self._thread = self._thread, None
        self._stop.set()
        if thread is not None:
            thread.join(timeout=5.0)

    def after_fork(self) -> None:
        """In the child: the thread is gone, the lock may be held by nobody."""
        self._starting = threading.RLock()
        if self._thread is not None:
            self._run()

    def _run(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._repeat, args=(self._stop, seconds()), name="outfall-evidence", daemon=True
        )
        self._thread.start()

    def _repeat(self, stop: threading.Event, longest: float) -> None:
        pause = min(FIRST, longest)
        while not stop.wait(pause):
            pause = min(2 * pause, longest)
            try:
                self._write()
            except Exception as error:
                if str(error) != self._problem:
                    self._problem = str(error)
                    report.warn(f"evidence could not be written: {error}; trying again")
                continue
            try:
                self._then()
            except Exception as error:
                if str(error) != self._problem:
                    self._problem = str(error)
                    report.warn(f"after writing evidence: {error}")
