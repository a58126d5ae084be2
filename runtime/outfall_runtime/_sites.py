"""Where in the user's code an access happened, as `app/agents.py:12`."""

from __future__ import annotations

import sys
from types import FrameType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_PACKAGE = __name__.rpartition(".")[0]
UNKNOWN = "<unknown>:0"


def call_site() -> str:
    """The nearest caller outside the runtime: path relative to its import root, and line."""
    frame: Optional[FrameType] = sys._getframe(1)
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    return UNKNOWN if frame is None else f"{_relative_path(frame)}:{frame.f_lineno}"


def _is_ours(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module == _PACKAGE or module.startswith(_PACKAGE + ".")


def _relative_path(frame: FrameType) -> str:
    parts = frame.f_code.co_filename.replace("\\", "/").split("/")
    depth = str(frame.f_globals.get("__name__", "")).count(".") + 1
    if parts[-1] == "__init__.py":
        depth += 1
    return "/".join(parts[-depth:])
