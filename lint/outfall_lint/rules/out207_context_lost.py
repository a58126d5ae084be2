"""OUT207: work handed to another thread without the context it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from outfall_lint.constructors import CONTEXT_VARS
from outfall_lint.facts import Target
from outfall_lint.model import Access, Finding, Kind, Operation, Priority, State
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import place_of

_DEEPEST = 4

Users = dict[Target, list[State]]


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    readers, setters = _functions(view, _reads_it), _functions(view, _sets_it)
    handed = [(facts, each) for facts in view.project.modules for each in facts.sightings if each.what == "handed"]
    if not readers or not handed:
        return
    callees = view.project.callees()
    for facts, sighting in handed:
        work = view.project.canonical(tuple(sighting.subject.split(".")))
        state = _lost(work, readers, setters, callees)
        if state is not None:
            message = f"`{work[-1]}` reads `{state.local_name}`, but {sighting.detail} runs it in a thread without this context"
            low = facts.is_test
            yield rule.finding_at(place_of(facts, sighting.span), state, message, Priority.LOW if low else None)


def _functions(view: View, wanted: Callable[[Access], bool]) -> Users:
    """Which functions access which context states in a certain way."""
    found: Users = {}
    for state in view.states:
        if state.constructor in CONTEXT_VARS or state.kind is Kind.CONTEXT:
            for access in state.accesses:
                if access.function is not None and wanted(access):
                    module = view.module_of(access.place.path)
                    found.setdefault((*module.split("."), *access.function.split(".")), []).append(state)
    return found


def _reads_it(access: Access) -> bool:
    return access.operation in (Operation.READ, Operation.TEST) and access.attribute not in ("set", "reset")


def _sets_it(access: Access) -> bool:
    return access.attribute == "set" or access.operation is Operation.MUTATE


def _lost(work: Target, readers: Users, setters: Users, callees: dict[Target, set[Target]]) -> State | None:
    """The context state that a function, or one that it calls, reads without anyone setting it on the way."""
    seen = {work}
    level = {work}
    given: set[str] = set()
    for _ in range(_DEEPEST):
        given |= {state.name for name in level for state in setters.get(name, ())}
        for name in sorted(level):
            for state in readers.get(name, ()):
                if state.name not in given:
                    return state
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
        fix_safety=(
            "No rewrite unless `outfall migrate --carry STATE` asks for it: what should follow the work is a decision. Then the\n"
            "work goes through `context.wrap`, where a thread surely runs it."
        ),
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
    advice="`outfall migrate --carry STATE`, or hand over `copy_context().run` with the work, or use asyncio.to_thread",
)
