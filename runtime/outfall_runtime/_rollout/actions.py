"""What an operator's command may have a running process do, and the answer as JSON."""

from __future__ import annotations

import os

from .. import tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional

    Action = Callable[..., Any]


def _sizes() -> "List[Dict[str, Any]]":
    return [dict(zip(tables.Size._fields, size)) for size in tables.sizes()]


def _backup(folder: str, names: "Optional[List[str]]") -> "Dict[str, Any]":
    from .presence import birth, machine, plain

    pid = os.getpid()
    report = tables.backup(os.path.join(folder, f"{plain(machine())}-{pid}-{birth(pid)}.tables.json"), names)
    return {"path": report.path, "entries": dict(report.entries), "omitted": [list(one) for one in report.omitted]}


def _restore(path: str, names: "Optional[List[str]]", replace: bool) -> "Dict[str, Any]":
    report = tables.restore(path, names, replace=replace)
    return {"entries": dict(report.entries), "absent": list(report.absent), "expired": report.expired}


def _diagnose(components: "List[str]") -> "Dict[str, Any]":
    from .. import diagnostics

    return diagnostics.run(components)


ACTIONS: "Dict[str, Action]" = {
    "diagnostics.run": _diagnose,
    "tables.backup": _backup,
    "tables.cleanup": lambda names: tables.cleanup(names),
    "tables.ensure": lambda names: tables.ensure(*names),
    "tables.rebuild": lambda name: tables.rebuild(name),
    "tables.restore": _restore,
    "tables.sizes": _sizes,
}
