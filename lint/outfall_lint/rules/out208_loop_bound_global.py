"""OUT208: an asyncio primitive or client at module level."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.constructors import LOOP_BOUND
from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import made, state_made


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        if state.constructor in LOOP_BOUND and state.scope in ("module", "class"):
            message = f"`{state.local_name}` ({state.constructor}) outlives the event loop that it works with"
            yield rule.finding(state, message, Priority.LOW if view.is_test(state.place.path) else None)
    for facts, sighting in made(view, LOOP_BOUND):
        message = f"the {sighting.subject} made here outlives the event loop that it works with"
        yield rule.finding(state_made(facts, sighting), message, Priority.LOW if facts.is_test else None)


RULE = Rule(
    code="OUT208",
    name="loop-bound-global",
    category="context",
    priority=Priority.NORMAL,
    explanation=Explanation(
        what="Reports an asyncio lock, event, queue, future or loop, or an async client, made at module or class level.",
        why=(
            "It binds to the first event loop that waits on it. A second loop, which every test and every\n"
            "`asyncio.run` makes, gets \"is bound to a different event loop\", or waits for ever."
        ),
        example="import asyncio\n\n_lock = asyncio.Lock()\n\nasync def save():\n    async with _lock:\n        ...\n",
        instead="import asyncio\n\nclass Store:\n    def __init__(self):\n        self._lock = asyncio.Lock()\n",
        fix_safety="No rewrite: where the loop starts, and what should own the object, must be known.",
        references=("https://docs.python.org/3/library/asyncio-sync.html",),
    ),
    bad=(
        "import asyncio\n\n_lock = asyncio.Lock()\n\nasync def save():\n    async with _lock:\n        ...\n",
        "from asyncio import Queue\n\nclass Bus:\n    queue = Queue()\n",
        "import aiohttp\n\nsession = aiohttp.ClientSession()\n",
        "import asyncio\n\n_locks = [asyncio.Lock() for _ in range(8)]\n",
    ),
    good=(
        "import threading\n\n_lock = threading.Lock()\n",
        "import asyncio\n\nasync def main():\n    lock = asyncio.Lock()\n    async with lock:\n        ...\n",
        "import queue\n\n_jobs = queue.Queue()\n",
    ),
    check=_check,
    advice="make it inside the running loop, in the object that uses it",
)
