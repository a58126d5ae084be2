"""Follows the flag file, so that one command reaches every worker of a service.

Hazard: threads do not survive a fork, and a thread started at import surprises everybody. So the
thread starts with the first flag or state that code declares, only where a flag file is
configured, and again in a forked child.
"""

from __future__ import annotations

import os
import threading

from .._common import report
from .._common.leaving import leaving
from .._common.states import FOLDER_VARIABLE
from .._common.uwsgi import complaint
from ..errors import BrokenSource
from .sources import FILE_VARIABLE, Reading, fingerprint, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Tuple

INTERVAL = 0.25  # seconds between two looks at the file
_NEVER_SEEN = (-1, -1, -1, -1)


class Watcher:
    """Loads the flag file now and whenever it changes; keeps the last good reading."""

    def __init__(
        self, load: Callable[[Reading], None], check: Callable[[], None], path: Optional[str] = None
    ) -> None:
        self.path = path or os.environ.get(FILE_VARIABLE) or None
        self.problem = ""  # what is wrong with the file now; empty while it is good
        self.revision = 0  # of the last reading that was taken over
        self.tell: Optional[Callable[[], None]] = None  # called after every look of the thread
        self._load = load
        self._check = check  # called now and then from the thread
        self._seen: Optional[Tuple[int, int, int, int]] = _NEVER_SEEN
        self._loaded = False  # there was a good reading
        self._newest: Optional[Reading] = None
        self._looking = threading.Lock()
        self._unstarted = [None]  # empty once somebody starts it
        self._stop = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def look(self) -> bool:
        """Load the file if it changed since the last look; True if new settings were taken over."""
        if self.path is None:
            return False
        with self._looking:
            seen = fingerprint(self.path)
            if seen == self._seen:
                return False
            reading = self._read()
            self._seen = _NEVER_SEEN if reading is None else seen  # what could not be read is tried again
            if reading is None:
                return False
            self._newest = reading
        while True:  # until no other thread has read a newer one, which this one may just have undone
            newest = self._newest
            self._load(newest)
            self.revision = newest.revision
            if newest is self._newest:
                return True

    def start(self) -> None:
        """Look once, then keep looking from a daemon thread; does nothing without a flag file."""
        if self.path is None:
            return
        try:
            self._unstarted.pop()
        except IndexError:
            return
        self.look()
        if complaint():
            report.warn(complaint())
        if os.environ.get(FOLDER_VARIABLE):
            from .._rollout.presence import report_on

            report_on(self)
        leaving.add(self.stop)
        self._run()

    def stop(self) -> None:
        """End the thread and wait for it."""
        thread, self._thread = self._thread, None
        self._unstarted = [None]
        self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=2 * INTERVAL)

    def after_fork(self) -> None:
        """In the child: the thread is gone, the locks may be held by nobody."""
        self._looking = threading.Lock()
        if self._thread is not None:
            self._run()
        else:  # another thread may have been about to start it
            self._unstarted = [None]

    def _run(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, args=(self._stop,), name="outfall-flags", daemon=True)
        self._thread.start()

    def _follow(self, stop: threading.Event) -> None:
        while not stop.wait(INTERVAL):
            try:
                if not self.look():
                    self._check()
                if self.tell is not None:
                    self.tell()
            except Exception:
                report.warn(f"following {self.path} failed; trying again", error=True)

    def _read(self) -> Optional[Reading]:
        assert self.path is not None
        try:
            reading = read_file(self.path)
        except BrokenSource as error:
            if str(error) != self.problem:
                self.problem = str(error)
                kept = "keeping the last good flags" if self._loaded else "until it can be read, flags have their other values"
                report.warn(f"{error}; {kept}")
            return None
        self.problem = ""
        self._loaded = True
        return reading
