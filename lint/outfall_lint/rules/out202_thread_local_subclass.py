"""OUT202: a subclass of `threading.local`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outfall_lint.constructors import THREAD_LOCALS
from outfall_lint.model import Finding, Kind, Priority
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import place_of, state_of


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for facts in view.project.modules:
        for cls in facts.classes:
            name = f"{facts.module}.{cls.name}"
            if not THREAD_LOCALS & view.bases_of(name):
                continue
            state = state_of(name, facts.module, place_of(facts, cls.span), "class", kind=Kind.UNDECIDED)
            low = facts.is_test or _keeps_depth(cls.name)
            priority = Priority.LOW if low else None
            yield rule.finding(state, f"class `{cls.name}` gives every thread its own attributes, and every task the same", priority)


def _keeps_depth(name: str) -> bool:
    """Whether the class's name speaks of how often a thread holds a lock, which is the thread's own."""
    return re.search("lock|depth", name.rpartition(".")[2], re.IGNORECASE) is not None


RULE = Rule(
    code="OUT202",
    name="thread-local-subclass",
    category="context",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports a class that derives from `threading.local`.",
        why=(
            "Its instances look like ordinary objects, yet hold other values in every thread and the same ones in\n"
            "every task of a thread: two requests served by one thread overwrite each other's."
        ),
        example="import threading\n\nclass RequestState(threading.local):\n    user = None\n",
        instead="from outfall_runtime import ContextLocal\n\nrequest_state = ContextLocal('app.request_state', 'user')\n",
        fix_safety="`__init__` of such a class runs once per thread, and then once per context; where it opens a resource, it is left.",
        references=("https://docs.python.org/3/library/threading.html#thread-local-data",),
    ),
    bad=(
        "import threading\n\nclass RequestState(threading.local):\n    user = None\n",
        "from threading import local\n\nclass Base(local):\n    pass\n",
    ),
    good=(
        "import threading\n\nclass Worker(threading.Thread):\n    pass\n",
        "class local:\n    pass\n\nclass Mine(local):\n    pass\n",
    ),
    check=_check,
    over=("OUT103",),
    transform=(
        "gives the class a ContextLocal as its base where what its module stores in it, or `[tool.outfall.states]`, "
        "says that it carries context"
    ),
)
