"""What the runtime costs here, in units of a plain dict's `get` in the same run.

    python -m outfall_runtime bench

Absolute times differ from machine to machine and from minute to minute. So each operation is timed in
turn with the dict read, in CPU time of this process, the cost of an empty loop is taken off both,
and the median of the rounds is the figure.
"""

from __future__ import annotations

import statistics
import time
from timeit import Timer

from ._common.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional

__all__ = ["Cost", "run"]

ROUNDS = 9
SECONDS = 0.01  # for one sample


class Cost(NamedTuple):
    """What an operation costs in dict reads; `limit` is what the runtime promises, where it does."""

    operation: str
    ratio: float
    limit: Optional[float]

    @property
    def kept(self) -> bool:
        return self.limit is None or self.ratio <= self.limit


class _Owner:
    """Something that an entry may belong to."""


OPERATIONS = (
    ("registry read", "registry.get('k')", 3.0),
    ("staged registry read, legacy", "staged.get('k')", 3.0),
    ("registry write", "registry['k'] = 1", None),
    ("register and unregister", "registry.register('o', 1, owner=owner); registry.unregister('o')", 50.0),
    ("flag check", "enabled('use_registry')", 4.0),
    ("context local read", "local.user", 8.0),
    ("context enter and exit", "with use(user='ada'): pass", 70.0),
    ("request counted", "count_request()", None),
    ("request counted with its time", "count_request(seconds=0.01)", None),
)


def run(rounds: int = ROUNDS) -> List[Cost]:
    """Time every operation; it takes a few seconds, and leaves nothing behind."""
    from . import ContextLocal, Registry, StagedRegistry, context, flags
    from ._measures.service import Service
    from .testing import isolated

    with isolated():
        flags.declare("use_registry")
        flags.set("use_registry", "legacy")
        local: Any = ContextLocal("outfall_runtime.bench.local", "user")
        local.user = "ada"
        names: Dict[str, Any] = {
            "plain": {"k": 1},
            "owner": _Owner(),
            "registry": Registry("outfall_runtime.bench.registry", {"k": 1}),
            "staged": StagedRegistry("outfall_runtime.bench.staged", {"k": 1}),
            "local": local,
            "use": context.use,
            "enabled": flags.enabled,
            "count_request": Service().count_request,
        }
        return [Cost(name, _ratio(code, names, rounds), limit) for name, code, limit in OPERATIONS]


def _ratio(code: str, names: Dict[str, Any], rounds: int) -> float:
    timers = [Timer(text, timer=time.process_time, globals=names) for text in (code, "plain.get('k')", "pass")]
    loops = [_loops(timer) for timer in timers]
    return statistics.median(_rounds(timers, loops, rounds))


def _rounds(timers: List[Timer], loops: List[int], rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        candidate, plain, empty = (timer.timeit(count) / count for timer, count in zip(timers, loops))
        yield max(candidate - empty, 0.0) / max(plain - empty, 1e-10)


def _loops(timer: Timer) -> int:
    """How many loops take about `SECONDS`."""
    count = 100
    while (spent := timer.timeit(count)) < SECONDS / 4:
        count *= 4
    return max(1, round(count * SECONDS / spent))
