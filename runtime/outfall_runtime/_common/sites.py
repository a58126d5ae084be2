"""Where in the user's code an access happened, as `app/agents.py:12`."""

from __future__ import annotations

import sys
from types import CodeType, FrameType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_PACKAGE = __name__.partition(".")[0]
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


def code_site(code: CodeType, at: int) -> str:
    """The place of one instruction, by its offset; of the head of the code if that is negative."""
    line = code.co_firstlineno
    if at >= 0:
        from dis import findlinestarts  # not light, so only when a place is asked for

        for start, number in findlinestarts(code):
            if start > at:
                break
            line = number or line
    return f"{_below_import_root(code.co_filename)}:{line}"


def _below_import_root(path: str) -> str:
    roots = [root.replace("\\", "/").rstrip("/") + "/" for root in sys.path if root]
    name = path.replace("\\", "/")
    return name[max((len(root) for root in roots if name.startswith(root)), default=0) :]
