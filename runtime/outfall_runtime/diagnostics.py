"""A process examines itself.

    from outfall_runtime import diagnostics

    diagnostics.run()                        # every component, as a JSON document
    diagnostics.check("tables")              # one
    diagnostics.report("diagnostics.json")   # the document, to a file

The document has findings with `ok`, `warning` or `failure`, what was found and what to do. It never has
values, and looking changes nothing.
"""

from __future__ import annotations

import os

from ._common.documents import write_document
from ._common.times import now
from ._measures.checks import CHECKS, FAILURE, OK, WARNING, Finding
from .errors import BrokenSource, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Sequence, Union

    Document = Dict[str, Any]

__all__ = ["Finding", "check", "report", "run"]

FORMAT, VERSION = "outfall-diagnostics", 1
WORST = (OK, WARNING, FAILURE)


def check(component: str) -> List[Finding]:
    """What is found about one component: flags, tables, context, spans, events, control or metrics.

    Raises:
        BrokenSource: there is no such component.
    """
    examine = CHECKS.get(component)
    if examine is None:
        raise BrokenSource(f"there is no component {component!r}{nearest(component, CHECKS)}; there are {', '.join(CHECKS)}")
    found: List[Finding] = []
    try:
        found.extend(examine())
    except Exception as error:
        found.append(Finding(component, FAILURE, f"the check itself failed: {type(error).__name__}: {error}"))
    return found


def run(components: Sequence[str] = ()) -> Document:
    """What is found about these components, by default all, as a document."""
    import platform

    from . import metrics

    found = [finding for name in components or CHECKS for finding in check(name)]
    worst = max((WORST.index(finding.status) for finding in found), default=0)
    return {
        "format": FORMAT,
        "version": VERSION,
        "created": now(),
        "host": metrics.host(),
        "pid": os.getpid(),
        "python": platform.python_version(),
        "status": WORST[worst],
        "findings": [dict(zip(Finding._fields, finding)) for finding in found],
    }


def report(path: Union[str, "os.PathLike[str]"]) -> Document:
    """Write what `run` finds to a file, as a whole or not at all; returns it.

    Raises:
        OSError: it cannot be written.
    """
    document = run()
    write_document(path, document)
    return document
