"""What migrated services import. Standard library only, Python 3.9 and later.

Everything public is here; the modules behind it may move. A name is loaded when it is first
asked for, so that a process pays only for what it uses.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import context, events, flags, metrics, spans
    from .class_slots import class_slot, slot_of
    from .context_local import ContextLocal
    from .context_value import ContextValue
    from .errors import (
        AlreadyRegistered,
        BrokenSource,
        InvalidSetting,
        LegacyStateError,
        OutfallError,
        RegistryFull,
        UnknownFlag,
    )
    from .events import Event, emit, staged_emit
    from .executors import ContextExecutor, run_in_executor
    from .isolation import isolate
    from .lazy import Lazy
    from .log_records import install_logging
    from .owners import Owner
    from .registry import Registry
    from .siblings import (
        CounterRegistry,
        DefaultRegistry,
        DequeRegistry,
        ListRegistry,
        OrderedRegistry,
        SetRegistry,
        StagedCounterRegistry,
        StagedDefaultRegistry,
        StagedDequeRegistry,
        StagedListRegistry,
        StagedOrderedRegistry,
        StagedSetRegistry,
    )
    from .slots import UNSET, Slot, module_property
    from .spans import Span, SpanContext, StagedSpan, span, staged_span
    from .staged_context import StagedContextLocal
    from .staged_registry import StagedRegistry
    from .staged_value import StagedContextValue
    from .thread_resource import ThreadResource
    from .weak_siblings import (
        StagedWeakKeyRegistry,
        StagedWeakSetRegistry,
        StagedWeakValueRegistry,
        WeakKeyRegistry,
        WeakSetRegistry,
        WeakValueRegistry,
    )

__all__ = [
    "AlreadyRegistered",
    "BrokenSource",
    "ContextExecutor",
    "ContextLocal",
    "ContextValue",
    "CounterRegistry",
    "DefaultRegistry",
    "DequeRegistry",
    "Event",
    "InvalidSetting",
    "Lazy",
    "LegacyStateError",
    "ListRegistry",
    "OrderedRegistry",
    "OutfallError",
    "Owner",
    "Registry",
    "RegistryFull",
    "SetRegistry",
    "Slot",
    "Span",
    "SpanContext",
    "StagedContextLocal",
    "StagedContextValue",
    "StagedCounterRegistry",
    "StagedDefaultRegistry",
    "StagedDequeRegistry",
    "StagedListRegistry",
    "StagedOrderedRegistry",
    "StagedRegistry",
    "StagedSetRegistry",
    "StagedSpan",
    "StagedWeakKeyRegistry",
    "StagedWeakSetRegistry",
    "StagedWeakValueRegistry",
    "ThreadResource",
    "UNSET",
    "UnknownFlag",
    "WeakKeyRegistry",
    "WeakSetRegistry",
    "WeakValueRegistry",
    "class_slot",
    "context",
    "emit",
    "events",
    "flags",
    "install_logging",
    "isolate",
    "metrics",
    "module_property",
    "run_in_executor",
    "slot_of",
    "span",
    "spans",
    "staged_emit",
    "staged_span",
]

_MODULE_OF = {
    "AlreadyRegistered": "errors",
    "BrokenSource": "errors",
    "ContextExecutor": "executors",
    "ContextLocal": "context_local",
    "ContextValue": "context_value",
    "CounterRegistry": "siblings",
    "DefaultRegistry": "siblings",
    "DequeRegistry": "siblings",
    "Event": "events",
    "InvalidSetting": "errors",
    "Lazy": "lazy",
    "LegacyStateError": "errors",
    "ListRegistry": "siblings",
    "OrderedRegistry": "siblings",
    "OutfallError": "errors",
    "Owner": "owners",
    "Registry": "registry",
    "RegistryFull": "errors",
    "SetRegistry": "siblings",
    "Slot": "slots",
    "Span": "spans",
    "SpanContext": "spans",
    "StagedContextLocal": "staged_context",
    "StagedContextValue": "staged_value",
    "StagedCounterRegistry": "siblings",
    "StagedDefaultRegistry": "siblings",
    "StagedDequeRegistry": "siblings",
    "StagedListRegistry": "siblings",
    "StagedOrderedRegistry": "siblings",
    "StagedRegistry": "staged_registry",
    "StagedSetRegistry": "siblings",
    "StagedSpan": "spans",
    "StagedWeakKeyRegistry": "weak_siblings",
    "StagedWeakSetRegistry": "weak_siblings",
    "StagedWeakValueRegistry": "weak_siblings",
    "ThreadResource": "thread_resource",
    "UNSET": "slots",
    "UnknownFlag": "errors",
    "WeakKeyRegistry": "weak_siblings",
    "WeakSetRegistry": "weak_siblings",
    "WeakValueRegistry": "weak_siblings",
    "class_slot": "class_slots",
    "emit": "events",
    "install_logging": "log_records",
    "isolate": "isolation",
    "module_property": "slots",
    "run_in_executor": "executors",
    "slot_of": "class_slots",
    "span": "spans",
    "staged_emit": "events",
    "staged_span": "spans",
}
_MODULES = frozenset(
    ("bench", "context", "control", "diagnostics", "errors", "events", "flags", "metrics", "siblings", "spans", "tables", "weak_siblings")
)


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return _module(name)
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(_module(_MODULE_OF[name]), name)
    globals()[name] = found  # outfall: ignore[OUT111] PEP 562: a name is looked up once
    return found


def _module(name: str) -> object:
    return __import__(f"{__name__}.{name}", fromlist=("*",))  # `importlib` costs more than the module does


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})


if os.environ.get("OUTFALL_METRICS_DIR"):
    _module("metrics")  # it writes this process's evidence at exit
