"""OUT112: a module-level iterator that functions advance."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.constructors import ITERATORS
from outfall_lint.model import Access, Finding, Operation, Priority, State
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._tables import told, untested
from outfall_lint.rules._words import changed_in

_ADVANCES = frozenset("__next__ send __anext__ asend".split())


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        if state.scope != "module" or not _is_iterator(view, state):
            continue
        advanced = [a for a in state.accesses if _advances(a)]
        if advanced:
            message = f"iterator `{state.local_name}` remembers where it is for everybody; {changed_in(untested(view, advanced))} advances it"
            yield told(rule, view, state, message, advanced)


def _is_iterator(view: View, state: State) -> bool:
    return state.constructor in ITERATORS or view.project.is_generator(state.constructor)


def _advances(access: Access) -> bool:
    if access.function is None or access.at_import:
        return False
    if access.operation in (Operation.MUTATE, Operation.ITERATE):
        return True
    return access.attribute in _ADVANCES or access.method in _ADVANCES or access.method == "__call__"


RULE = Rule(
    code="OUT112",
    name="module-iterator",
    category="globals",
    priority=Priority.NORMAL,
    explanation=Explanation(
        what="Reports a module-level iterator (`itertools.count`, a generator) that functions advance.",
        why=(
            "How far it has come depends on every call the process ever made. Tests see other numbers when they run\n"
            "in another order, and a generator that two threads advance at once raises ValueError."
        ),
        example="import itertools\n\n_ids = itertools.count()\n\ndef new_id():\n    return next(_ids)\n",
        instead="import itertools\n\nclass Ids:\n    def __init__(self):\n        self._ids = itertools.count()\n",
        fix_safety="No rewrite: numbers may have been given out already.",
        references=("https://docs.python.org/3/library/itertools.html#itertools.count",),
    ),
    bad=(
        "import itertools\n\n_ids = itertools.count()\n\ndef new_id():\n    return next(_ids)\n",
        "from itertools import cycle\n\n_servers = cycle(['a', 'b'])\n\ndef server():\n    return _servers.__next__()\n",
        "def _numbers():\n    n = 0\n    while True:\n        yield n\n        n += 1\n\n"
        "_ids = _numbers()\n\ndef new_id():\n    return next(_ids)\n",
    ),
    good=(
        "import itertools\n\ndef ids():\n    numbers = itertools.count()\n    return next(numbers)\n",
        "_names = ['a', 'b']\n\ndef names():\n    for name in _names:\n        print(name)\n",
        "import itertools\n\n_ids = itertools.count()\nFIRST = next(_ids)\n",
    ),
    check=_check,
    advice="make the iterator where the counting begins, and pass it on",
)
