"""OUT205: a context variable that is set and never reset."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Rule, View


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        if state.constructor != "contextvars.ContextVar":
            continue
        for access in state.accesses:
            if access.method == "__call__" and access.attribute == "set" and access.detail.startswith("result "):
                if access.function is None or access.at_import:
                    continue
                message = f"`{state.local_name}` is set and its token is dropped: the value stays when the function is done"
                low = view.is_test(access.place.path)
                yield rule.finding_at(access.place, state, message, Priority.LOW if low else None)


RULE = Rule(
    code="OUT205",
    name="context-leak",
    category="context",
    priority=Priority.NORMAL,
    explanation=Explanation(
        what="Reports `ContextVar.set` in a function whose token is neither reset nor passed on.",
        why=(
            "The value outlives the function, and in a thread that serves one request after another also the\n"
            "request: the next one starts with the last one's user."
        ),
        example="from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef handle(user):\n    _user.set(user)\n    work()\n",
        instead=(
            "from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef handle(user):\n"
            "    token = _user.set(user)\n    try:\n        work()\n    finally:\n        _user.reset(token)\n"
        ),
        fix_safety="No rewrite: how long the value should hold cannot be told from the call.",
        references=("https://docs.python.org/3/library/contextvars.html#contextvars.ContextVar.reset",),
    ),
    bad=(
        "from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef handle(user):\n    _user.set(user)\n",
        "from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef handle(user):\n    token = _user.set(user)\n    work()\n",
    ),
    good=(
        "from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef handle(user):\n"
        "    token = _user.set(user)\n    try:\n        work()\n    finally:\n        _user.reset(token)\n",
        "from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef enter(user):\n    return _user.set(user)\n",
        "class Box:\n    def set(self, v): ...\n\nbox = Box()\n\ndef put(v):\n    box.set(v)\n",
    ),
    check=_check,
    advice="reset the token in a `finally`, or return it to who can",
)
