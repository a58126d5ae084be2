"""OUT201: a `threading.local()`."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint import thread_locals
from outfall_lint.asides import CHECKED
from outfall_lint.constructors import THREAD_LOCALS
from outfall_lint.states import FIXED
from outfall_lint.model import Finding, Kind, Priority
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import made, state_made

_MEANING = {
    Kind.CONTEXT: "carries context, of which all tasks of a thread share one",
    Kind.SPAN_STACK: "keeps a stack of contexts, of which all tasks of a thread share one",
    Kind.UNDECIDED: "is shared by every task of a thread; what it is for cannot be told from the code",
}
_KEPT = {
    "opened": "keeps what belongs to its thread, where no other thread can close or count it",
    "guard": "guards each thread against entering again, and with it every task of the thread",
    "value": "keeps a value for each thread, which all tasks of the thread share",
}


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        if state.constructor not in THREAD_LOCALS or view.aside(state.place) == CHECKED:
            continue
        priority = rule.priority if state.kind in (Kind.CONTEXT, Kind.SPAN_STACK) else Priority.NORMAL
        settled = state.kind is Kind.THREAD_RESOURCE and state.evidence == FIXED
        if settled or view.is_test(state.place.path) or view.aside(state.place):
            priority = Priority.LOW
        resource = state.kind is Kind.THREAD_RESOURCE
        meaning = _KEPT[thread_locals.kept(state.evidence)] if resource else _MEANING.get(state.kind, _MEANING[Kind.UNDECIDED])
        yield rule.finding(state, f"thread-local `{state.local_name}` {meaning}", priority)
    for facts, sighting in made(view, THREAD_LOCALS):
        message = f"the thread-local made here {_MEANING[Kind.UNDECIDED]}"
        yield rule.finding(state_made(facts, sighting), message, Priority.LOW if facts.is_test else Priority.NORMAL)


RULE = Rule(
    code="OUT201",
    name="thread-local",
    category="context",
    priority=Priority.CRITICAL,
    explanation=Explanation(
        what="Reports a `threading.local()` at module, class or instance level, under any import spelling.",
        why=(
            "Asyncio runs many requests on one thread. A thread-local that holds the current user, request or\n"
            "locale then holds the last one that anybody set: one user's request shows up in another's log, or\n"
            "another's answer. A thread-local that holds a connection or a buffer is safe from that, but nothing\n"
            "closes it and nobody counts it."
        ),
        example="import threading\n\n_request = threading.local()\n\ndef begin(user):\n    _request.user = user\n",
        instead=(
            "from outfall_runtime import ContextLocal\n\n"
            '_request = ContextLocal("app.context._request", "user")\n\n'
            "def begin(user):\n    _request.user = user\n"
        ),
        fix_safety=(
            "Only state that carries context is moved; a resource of a thread must stay with its thread, and where\n"
            'the code does not tell, the configuration decides (`[tool.outfall.states] "app.db._local" = "context"`).\n'
            "A context is not carried into new threads by itself. `outfall migrate --resources` puts a resource under a\n"
            "ThreadResource, `--idiomatic` makes each attribute a ContextValue; both where every use is in sight."
        ),
        references=("https://docs.python.org/3/library/contextvars.html", "https://peps.python.org/pep-0567/"),
    ),
    bad=(
        "import threading\n\n_request = threading.local()\n\ndef begin(user):\n    _request.user = user\n",
        "from threading import local as L\n\nclass Pool:\n    def __init__(self):\n        self._here = L()\n",
        "import threading\n\ndef current(name):\n    ls = threading.local()\n"
        "    def get(self):\n        return ls.value\n    return property(get)\n",
    ),
    good=(
        "import threading\n\nlock = threading.Lock()\n",
        "def local():\n    return {}\n\nstate = local()\n",
        "import threading\n\ndef run():\n    scratch = threading.local()\n    scratch.x = 1\n    return scratch.x\n",
        "from outfall_runtime import ContextLocal\n\n_request = ContextLocal('app._request', 'user')\n\n"
        "def begin(user):\n    _request.user = user\n",
    ),
    check=_check,
    transform="moves a thread-local that carries context into an outfall_runtime.ContextLocal",
)
