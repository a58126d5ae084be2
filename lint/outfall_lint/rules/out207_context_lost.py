"""OUT207: work handed to another thread without the context it reads."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.constructors import CONTEXT_VARS
from outfall_lint.facts import Target
from outfall_lint.model import Finding, Kind, Operation, Priority, State
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import place_of

_DEEPEST = 4


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    readers = _readers(view)
    if not readers:
        return
    callees = view.project.callees()
    for facts in view.project.modules:
        for sighting in facts.sightings:
            if sighting.what != "handed":
                continue
            work = view.project.canonical(tuple(sighting.subject.split(".")))
            state = _reads(work, readers, callees)
            if state is not None:
                message = f"`{work[-1]}` reads `{state.local_name}`, but {sighting.detail} runs it in a thread without this context"
                low = facts.is_test
                yield rule.finding_at(place_of(facts, sighting.span), state, message, Priority.LOW if low else None)


def _readers(view: View) -> dict[Target, State]:
    """Which functions read a context state."""
    found: dict[Target, State] = {}
    for state in view.states:
        if state.constructor in CONTEXT_VARS or state.kind is Kind.CONTEXT:
            for access in state.accesses:
                module = view.module_of(access.place.path)
                if access.function is not None and access.operation in (Operation.READ, Operation.TEST) and access.attribute != "set":
                    found.setdefault((*module.split("."), *access.function.split(".")), state)
    return found


def _reads(work: Target, readers: dict[Target, State], callees: dict[Target, set[Target]]) -> State | None:
    """The context state that a function, or one that it calls, reads."""
    seen = {work}
    level = {work}
    for _ in range(_DEEPEST):
        for name in level:
            if name in readers:
                return readers[name]
        level = {callee for name in level for callee in callees.get(name, ())} - seen
        seen |= level
    return None


RULE = Rule(
    code="OUT207",
    name="context-lost",
    category="context",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports work that reads a context state and is handed to a thread or executor without its context.",
        why="A thread starts with an empty context: the work finds no user, no locale and no trace, or some default.",
        example=(
            "from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef audit():\n    print(_user.get())\n\n"
            "def handle(pool):\n    pool.submit(audit)\n"
        ),
        instead=(
            "from contextvars import ContextVar, copy_context\n\n_user = ContextVar('user')\n\n"
            "def audit():\n    print(_user.get())\n\ndef handle(pool):\n    pool.submit(copy_context().run, audit)\n"
        ),
        fix_safety="No rewrite: what should follow the work, and what should not, is a decision.",
        references=("https://docs.python.org/3/library/contextvars.html#contextvars.copy_context",),
    ),
    bad=(
        "from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef audit():\n    print(_user.get())\n\n"
        "def handle(pool):\n    pool.submit(audit)\n",
        "import threading\nfrom contextvars import ContextVar\n\n_user = ContextVar('user')\n\n"
        "def handle():\n    threading.Thread(target=lambda: print(_user.get())).start()\n",
    ),
    good=(
        "from contextvars import ContextVar, copy_context\n\n_user = ContextVar('user')\n\ndef audit():\n    print(_user.get())\n\n"
        "def handle(pool):\n    pool.submit(copy_context().run, audit)\n",
        "def audit():\n    print('x')\n\ndef handle(pool):\n    pool.submit(audit)\n",
        "import asyncio\nfrom contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef audit():\n    print(_user.get())\n\n"
        "async def handle():\n    await asyncio.to_thread(audit)\n",
    ),
    check=_check,
    advice="hand over `copy_context().run` with the work, or use asyncio.to_thread",
)
