"""What migrated services import. Standard library only, Python 3.9 and later.

Everything public is here; the modules behind it may move. A name is loaded when it is first
asked for, so that a process pays only for what it uses.
"""

from __future__ import annotations

import os
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import context, flags, metrics
    from .context_local import ContextLocal
    from .errors import (
        AlreadyRegistered,
        BrokenSource,
        InvalidSetting,
        LegacyStateError,
        OutfallError,
        UnknownFlag,
    )
    from .registry import Registry
    from .staged_context import StagedContextLocal
    from .staged_registry import StagedRegistry

__all__ = [
    "AlreadyRegistered",
    "BrokenSource",
    "ContextLocal",
    "InvalidSetting",
    "LegacyStateError",
    "OutfallError",
    "Registry",
    "StagedContextLocal",
    "StagedRegistry",
    "UnknownFlag",
    "context",
    "flags",
    "metrics",
]

_MODULE_OF = {
    "AlreadyRegistered": "errors",
    "BrokenSource": "errors",
    "ContextLocal": "context_local",
    "InvalidSetting": "errors",
    "LegacyStateError": "errors",
    "OutfallError": "errors",
    "Registry": "registry",
    "StagedContextLocal": "staged_context",
    "StagedRegistry": "staged_registry",
    "UnknownFlag": "errors",
}
_MODULES = frozenset(("context", "errors", "flags", "metrics"))


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})


if os.environ.get("OUTFALL_METRICS_DIR"):
    import_module(f"{__name__}.metrics")  # it writes this process's evidence at exit
