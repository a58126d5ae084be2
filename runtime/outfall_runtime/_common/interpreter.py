"""What differs between builds of the interpreter."""

from __future__ import annotations

import sys

GLOBAL_LOCK: bool = getattr(sys, "_is_gil_enabled", lambda: True)()  # of two threads only one runs Python code at a time
