"""What the runtime costs on a hot path, in units of a plain dict's `get` in the same run."""

from __future__ import annotations

import threading
from typing import Any

from benchmarks.table import Row
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, Ratio, ratio
from outfall_runtime import ContextLocal, Registry, StagedContextLocal, StagedRegistry, context, flags, span, staged_span

TITLE = "runtime"
ALSO = ("contention", "imports", "rivals")  # the rest of what the runtime is judged by, in the same run
UNIT = "dict.get"
BASELINE = "plain.get('k')"


class Owner:
    """Something that an entry of a registry may belong to; entries go when it dies."""


def names() -> dict[str, Any]:
    """What the timed statements see; the staged states are dialled by `measured`."""
    local = ContextLocal("benchmarks.local", "user")
    staged_local = StagedContextLocal("benchmarks.staged_local", "user")
    for namespace in (local, staged_local):
        namespace.user = "ada"
        namespace.other = 1
    plain_local = threading.local()
    plain_local.user = "ada"
    evicted: StagedRegistry[str, int] = StagedRegistry("benchmarks.evicted")
    evicted.register("gone", 1, owner=Owner())  # in `new` it is kept for a rollback
    return {
        "plain": {"k": 1},
        "plain_local": plain_local,
        "owner": Owner(),
        "registry": Registry("benchmarks.registry", {"k": 1}),
        "staged": StagedRegistry("benchmarks.staged", {"k": 1}),
        "evicted": evicted,
        "local": local,
        "staged_local": staged_local,
        "use": context.use,
        "enabled": flags.enabled,
        "span": span,
        "staged_span": staged_span,
    }


TABLE, CONTEXT = "use_registry:benchmarks.staged", "use_context:benchmarks.staged_local"
EVICTED = "use_registry:benchmarks.evicted"
REGISTERING = "registry.register('o', 1, owner=owner); registry.unregister('o')"
# operation, statement, flag and mode to measure under, most that it may cost
OPERATIONS: list[tuple[str, str, tuple[str, str] | None, float | None]] = [
    ("registry read", "registry.get('k')", None, 3),
    ("staged registry read, legacy", "staged.get('k')", (TABLE, "legacy"), 3),
    ("staged registry read, shadow", "staged.get('k')", (TABLE, "shadow"), None),
    ("staged registry read, new", "staged.get('k')", (TABLE, "new"), 3),
    ("staged registry read, enforced", "staged.get('k')", (TABLE, "enforced"), 3),
    ("staged registry write, legacy", "staged['k'] = 1", (TABLE, "legacy"), None),
    ("staged registry write, shadow", "staged['k'] = 1", (TABLE, "shadow"), None),
    ("staged registry write, new", "staged['k'] = 1", (TABLE, "new"), None),
    ("staged registry write, enforced", "staged['k'] = 1", (TABLE, "enforced"), None),
    ("register and unregister, weak owner", REGISTERING, None, 50),
    ("the same, staged, legacy", REGISTERING.replace("registry", "evicted"), (EVICTED, "legacy"), None),
    ("the same, staged, new, with what a rollback brings back", REGISTERING.replace("registry", "evicted"), (EVICTED, "new"), None),
    ("register and unregister, no owner", "registry.register('o', 1); registry.unregister('o')", None, None),
    ("set and delete, new, with what a rollback brings back", "evicted['o'] = 1; del evicted['o']", (EVICTED, "new"), None),
    ("flag check", "enabled('use_context')", None, 4),
    ("context enter and exit", "with use(user='ada'): pass", None, 70),
    ("span, start and end", "with span('work'): pass", None, 90),
    ("span without a block, start and end", "span('work').begin().end()", None, None),
    ("staged span, legacy", "with staged_span('work'): pass", ("use_spans", "legacy"), None),
    ("staged span, new", "with staged_span('work'): pass", ("use_spans", "new"), None),
    ("threading.local read, to compare", "plain_local.user", None, None),
    ("context local read, declared", "local.user", None, 8),
    ("context local read, any", "local.other", None, 15),
    ("staged context local read, legacy", "staged_local.user", (CONTEXT, "legacy"), None),
    ("staged context local read, shadow", "staged_local.user", (CONTEXT, "shadow"), None),
    ("staged context local read, new", "staged_local.user", (CONTEXT, "new"), 8),
    ("staged context local write, legacy", "staged_local.user = 'ada'", (CONTEXT, "legacy"), None),
    ("staged context local write, shadow", "staged_local.user = 'ada'", (CONTEXT, "shadow"), None),
    ("staged context local write, new", "staged_local.user = 'ada'", (CONTEXT, "new"), None),
]


def rows(quick: bool) -> list[Row]:
    """Every operation beside a plain dict read."""
    seen = names()
    return [Row(name, measured(code, dial, seen, quick), UNIT, limit) for name, code, dial, limit in OPERATIONS]


def measured(code: str, dial: tuple[str, str] | None, seen: dict[str, Any], quick: bool) -> Ratio:
    """The ratio of one statement, with one flag held in a mode; a value is written in that mode first."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    if dial is None:
        return ratio(code, BASELINE, seen, rounds)
    with flags.override(*dial):
        seen["staged_local"].user = "ada"
        return ratio(code, BASELINE, seen, rounds)
