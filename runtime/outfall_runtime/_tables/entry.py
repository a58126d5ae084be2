"""What a table knows about one registered key."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

MISSING = object()
NEVER = float("inf")


class Entry:
    """It counts only while the table holds its value under its key.

    `expires` is on the monotonic clock; `guard` knows whether the owner lives; `noted` is set when
    it is counted as would-evict.
    """

    __slots__ = ("expires", "guard", "key", "metadata", "noted", "value")
    noted: bool

    def __init__(self, key: Any, value: Any, metadata: Mapping[str, Any], expires: float = NEVER) -> None:
        self.key = key
        self.value = value
        self.metadata = metadata
        self.expires = expires
        self.guard: Any = None

    def over(self) -> bool:
        """Whether its owner is dead or its time is up."""
        if self.guard is not None and not self.guard.alive():
            return True
        return self.expires is not NEVER and self.expires <= time.monotonic()
