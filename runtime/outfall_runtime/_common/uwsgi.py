"""uWSGI runs no threads of Python, and forks without telling Python of it, unless its options say so.

Hazard: a worker that does neither follows no flag file and reports nothing, and nobody can name it,
because it never said that it is there. So the process that loads the service says so.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

THREADS = ("enable-threads", "threads")
TOLD_OF_FORKS = ("lazy-apps", "lazy", "py-call-osafterfork")


def complaint() -> str:
    """What keeps workers from following; empty where nothing does, or where this is not uWSGI."""
    module: Any = sys.modules.get("uwsgi")
    options = {name.decode() if isinstance(name, bytes) else name for name in getattr(module, "opt", ())}
    missing = [names[0] for names in (THREADS, TOLD_OF_FORKS) if module is not None and options.isdisjoint(names)]
    if not missing:
        return ""
    return f"uWSGI's workers follow nothing and report nothing without {' and '.join(f'{name} = true' for name in missing)}"
